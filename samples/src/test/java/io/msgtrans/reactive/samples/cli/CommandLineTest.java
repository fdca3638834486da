package io.msgtrans.reactive.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

class CommandLineTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return Main.execute(new PrintWriter(out, true), new PrintWriter(err, true), args);
    }

    private static BoundServer serve(ServerMode mode) {
        return TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .listen("ws://127.0.0.1:0")
                .handle(session -> mode.handle(session, session.receive()))
                .bindNow();
    }

    private static void stop(BoundServer server) {
        server.dispose();
        server.onDispose().block(Duration.ofSeconds(10));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "send tcp://127.0.0.1:1 --data x | cannot connect to tcp://127.0.0.1:1",
                "send nope://127.0.0.1:1 --data x | no transport for the scheme nope",
                "send tcp:/x --data x | not an address: tcp:/x",
                "send tcp://127.0.0.1:1 --biz 256 | bizType 256 is outside 0..255",
                "bench tcp://127.0.0.1:1 --workload echo --window 0 | --window 0 is below 1",
                "bench tcp://127.0.0.1:1 --workload oneway --rate 5 | --rate needs replies",
                "bench tcp://127.0.0.1:1 --workload nope | nope",
                "bench tcp://127.0.0.1:1 --workload echo --not-reading 5 | --not-reading is 0..99",
                "bench tcp://127.0.0.1:1 tcp://127.0.0.1:2 --workload echo --connections 0 | --connections 0 is below 1",
                "bench tcp://127.0.0.1:1 tcp://127.0.0.1:2 --workload oneway | are for --workload echo or pingpong",
                "bench tcp://127.0.0.1:1 --balance ewma --workload echo --rate 5 | --rate and --json are for one URI",
                "bench tcp://127.0.0.1:1 --balance nope --workload echo | is not one of [round-robin",
                "send - --data x | - stands behind the URI",
                "sample upgrade --rate 0 | --rate is at least 1000",
                "serve --listen mem://x --share-port | option sharePort has no effect on mem",
                "serve | --listen",
                "serve --listen tcps://127.0.0.1:0 --certificate no.pem --key no.pem | no.pem",
                "serve --listen quic://127.0.0.1:0 --certificate no.pem | --key",
                "nope | nope",
            })
    void whatIsWrongIsOneLineOnStandardErrorAndAnExitCode(String args, String message) {
        assertThat(run(args.trim().split(" "))).isNotZero();
        assertThat(err.toString().lines()).hasSize(1);
        assertThat(err.toString()).startsWith("msgtrans: ").contains(message.trim());
        assertThat(out.toString()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "demo", "serve", "send", "listen", "bench"})
    void everyCommandExplainsItself(String command) {
        assertThat(run(command.isEmpty() ? new String[] {"--help"} : new String[] {command, "--help"}))
                .isZero();
        assertThat(out.toString()).contains("Usage: msgtrans");
    }

    @Test
    void helpIsACommandToo() {
        assertThat(run("help", "bench")).isZero();
        assertThat(out.toString()).contains("Usage: msgtrans bench");
    }

    @Test
    void aBroadcastReachesAllSessionsThatRead() {
        BoundServer server = serve(ServerMode.BROADCAST);
        assertThat(run(
                        "bench",
                        server.uri().toString(),
                        "--workload",
                        "broadcast",
                        "--sessions",
                        "20",
                        "--rate",
                        "1000",
                        "--warmup",
                        "1",
                        "--seconds",
                        "1",
                        "--not-reading",
                        "10"))
                .isZero();
        assertThat(out.toString()).contains("broadcast").contains("p99.9");
        assertThat(err.toString()).contains("server: sent");
        stop(server);
    }

    @Test
    void serveTakesConnectionsUntilItsTimeIsOver() throws InterruptedException {
        AtomicInteger exit = new AtomicInteger(-1);
        Thread serving = new Thread(() -> exit.set(run("serve", "--listen", "tcp://127.0.0.1:0", "--seconds", "2")));
        serving.start();
        String line = Flux.interval(Duration.ofMillis(20))
                .map(tick -> out.toString())
                .filter(text -> text.startsWith("LISTENING ") && text.endsWith("\n"))
                .blockFirst(Duration.ofSeconds(10));
        Session client = TransportClient.create(line.trim().substring("LISTENING ".length()))
                .connectNow();
        assertThat(client.request(Packet.request("x")).map(Packet::payloadText).block(Duration.ofSeconds(5)))
                .isEqualTo("x");
        client.receive().subscribe();
        assertThat(client.onClose().block(Duration.ofSeconds(20))).isNotNull();
        serving.join(20_000);
        assertThat(exit).hasValue(0);
    }

    @Test
    void inAChatAPacketGoesToAllOthers() {
        BoundServer server = serve(ServerMode.CHAT);
        List<Session> talkers = IntStream.range(0, 3)
                .mapToObj(i -> TransportClient.create(server.uris().get(i % 2).toString())
                        .connectNow())
                .toList();
        List<Mono<String>> heard = talkers.stream()
                .map(talker -> talker.receive().next().map(Packet::payloadText).cache())
                .toList();
        heard.forEach(Mono::subscribe);
        Disposable talking = Flux.interval(Duration.ofMillis(20))
                .concatMap(tick -> talkers.get(0).send(Packet.oneWay("hello")))
                .subscribe();
        assertThat(heard.get(1).block(Duration.ofSeconds(10))).isEqualTo("hello");
        assertThat(heard.get(2).block(Duration.ofSeconds(10))).isEqualTo("hello");
        assertThat(talkers.get(0).stats().packetsReceived()).isZero();
        talking.dispose();
        talkers.forEach(Session::dispose);
        stop(server);
    }

    @Test
    void sendPrintsTheAnswersAndNothingElse() {
        BoundServer server = serve(ServerMode.ECHO);
        for (int i = 0; i < 2; i++) {
            assertThat(run("send", server.uris().get(i).toString(), "--data", "hi", "--request", "--count", "2"))
                    .isZero();
        }
        assertThat(out.toString().lines()).containsExactly("hi", "hi", "hi", "hi");
        assertThat(err.toString()).isEmpty();
        stop(server);
    }

    @Test
    void aSinkCountsOneWayPacketsOfItsSession() {
        BoundServer server = serve(ServerMode.SINK);
        String uri = server.uri().toString();
        assertThat(run("send", uri, "--data", "x", "--count", "5")).isZero();
        assertThat(run("send", uri, "--request")).isZero();
        assertThat(out.toString().trim()).isEqualTo("0"); // the five were another session's
        assertThat(server.stats().traffic().packetsReceived()).isEqualTo(6);
        stop(server);
    }

    @Test
    void oneWayLoadIsNotPutOnAServerThatDoesNotCountIt() {
        BoundServer server = serve(ServerMode.ECHO);
        assertThat(run("bench", server.uri().toString(), "--workload", "oneway"))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString().lines()).hasSize(1);
        assertThat(err.toString()).contains("oneway needs 'serve --mode sink'");
        assertThat(server.stats().traffic().packetsReceived()).isEqualTo(1);
        stop(server);
    }

    @ParameterizedTest
    @CsvSource({"oneway,SINK,0", "echo,ECHO,0", "pingpong,ECHO,0", "echo,ECHO,1000"})
    void benchPrintsOneLineOfJson(String workload, ServerMode mode, String rate) {
        BoundServer server = serve(mode);
        assertThat(run(
                        "bench",
                        server.uri().toString(),
                        "--workload",
                        workload,
                        "--rate",
                        rate,
                        "--warmup",
                        "1",
                        "--seconds",
                        "1",
                        "--json"))
                .as(err.toString())
                .isZero();
        assertThat(out.toString().lines())
                .singleElement()
                .satisfies(line -> assertThat(line)
                        .startsWith("{\"workload\":\"" + workload + "\"")
                        .contains(
                                "\"messagesPerSecond\":",
                                "\"megabytesPerSecond\":",
                                "\"p50Us\":",
                                "\"p999Us\":",
                                "\"maxUs\":")
                        .endsWith("\"errors\":0}"));
        stop(server);
    }

    @Test
    void theDemoEndsByItselfAndShowsEveryTransport() {
        assertThat(run("demo", "--seconds", "2")).as(err.toString()).isZero();
        assertThat(out.toString()).contains("tcp ").contains("ws ");
    }

    @Test
    void ordersOverQuicAreAllAnswered() {
        assertThat(run("sample", "trading", "--rate", "500", "--seconds", "2")).isZero();
        assertThat(out.toString()).contains("orders/s", "p99.9", "in all", "quic://localhost:");
    }

    @Test
    void aScaleRunLosesNothing() {
        assertThat(run("scale", "--transport", "mem", "--sessions", "100,300", "--packets", "20", "--broadcasts", "5"))
                .as(out + "" + err)
                .isZero();
        assertThat(out.toString()).contains("sessions connects/s", "2,000", "6,000");
    }

    @Test
    void aShortSoakLosesNothing() {
        assertThat(run("soak", "--hours", "0.0025", "--every", "3", "--rate", "100"))
                .as(out + "" + err)
                .isZero();
        assertThat(out.toString()).contains("| tcps |", "| quic |", "| mem |", "0 violations");
    }

    @Test
    void aSoakThatIsAskedToEndIsJudged() throws Exception {
        Process soak = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "soak",
                        "--transports",
                        "tcp,mem",
                        "--every",
                        "2",
                        "--rate",
                        "100")
                .redirectErrorStream(true)
                .start();
        try (BufferedReader lines = soak.inputReader(StandardCharsets.UTF_8)) {
            StringBuilder out = new StringBuilder();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                out.append(line).append('\n');
                if (line.startsWith("  0:00:02 ")) {
                    soak.toHandle().destroy(); // Process.destroy() closes the stream, too
                }
            }
            assertThat(out.toString()).contains("asked to end", " 0 violations: nothing is lost");
        } finally {
            soak.destroyForcibly();
        }
    }

    @Test
    void aSoakSaysWhatIsWrongWithItsOptions() {
        assertThat(run("soak", "--transports", "tcp,udp")).isNotZero();
        assertThat(err.toString()).contains("--transports [tcp, udp]");
        assertThat(run("soak", "--hours", "0.001")).isNotZero();
        assertThat(err.toString()).contains("--hours 0.001 is less than --every 60");
    }

    @Test
    void aSampleThatIsNotThereIsNamedWithThoseThatAre() {
        assertThat(run("sample")).isNotZero();
        assertThat(err.toString()).contains("trading");
    }

    @Test
    void theDemoSpeaksAllProtocols() {
        assertThat(run("demo", "--seconds", "2")).isZero();
        assertThat(out.toString()).contains("tcp", "ws", "quic", "echoes/s");
    }
}
