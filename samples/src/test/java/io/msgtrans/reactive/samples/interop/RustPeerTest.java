package io.msgtrans.reactive.samples.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.test.TransportContract;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

/** The Rust msgtrans talks to us and we to it, when {@code -Dinterop.rust=true} says so. Needs cargo. */
@EnabledIfSystemProperty(named = "interop.rust", matches = "true")
class RustPeerTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Path PROJECT = Path.of("interop", "rust").toAbsolutePath();
    private static final Path BUILT = Path.of("target", "rust").toAbsolutePath();
    private static final int HANDSHAKES = 20;
    /** Fewer than its queues hold: it stands still when both directions are full. */
    private static final int PACKETS = 1_000;

    private static final int REQUESTS = 1_000;

    @BeforeAll
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    static void build() throws Exception {
        Process cargo = new ProcessBuilder(
                        "cargo",
                        "build",
                        "--quiet",
                        "--release",
                        "--locked",
                        "--manifest-path",
                        PROJECT.resolve("Cargo.toml").toString(),
                        "--target-dir",
                        BUILT.toString())
                .inheritIO()
                .start();
        assertThat(cargo.waitFor()).as("cargo build").isZero();
    }

    /** The program; it ends when its input does. */
    private static Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(BUILT.resolve("release/msgtrans-rust-peer").toString()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static String contestant(String scheme) {
        return scheme.equals("ws") ? "rust-msgtrans-ws" : "rust-msgtrans";
    }

    /** The first line that begins so, or the last one. */
    private static String line(Process process, String start) throws IOException {
        BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        String last = "";
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            last = line;
            if (line.startsWith(start)) {
                break;
            }
        }
        return last;
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "ws"})
    void itsServerAnswersOurClient(String scheme) throws Exception {
        Process server = start("server", contestant(scheme), "echo:64:1", "0");
        try {
            String listening = line(server, "LISTENING ");
            assertThat(listening).startsWith("LISTENING ");
            Session session = TransportClient.create(
                            scheme + "://127.0.0.1:" + listening.substring("LISTENING ".length()))
                    .connect()
                    .retry(HANDSHAKES) // it forgets one that is under way every 200 ms
                    .block(LIMIT);
            List<Integer> echoed = session.send(Flux.range(0, PACKETS).map(i -> Packet.oneWay(Integer.toString(i))))
                    .thenMany(Flux.<Integer>empty())
                    .mergeWith(session.receive()
                            .map(packet -> Integer.parseInt(packet.payloadText()))
                            .take(PACKETS))
                    .collectList()
                    .block(LIMIT);
            assertThat(echoed).containsExactlyElementsOf(Flux.range(0, PACKETS).toIterable());
            List<String> answers = Flux.range(0, REQUESTS)
                    .flatMapSequential(i -> session.request(Packet.request("request " + i)), 64)
                    .map(Packet::payloadText)
                    .collectList()
                    .block(LIMIT);
            assertThat(answers)
                    .containsExactlyElementsOf(
                            Flux.range(0, REQUESTS).map(i -> "request " + i).toIterable());
            session.close().block(LIMIT);
        } finally {
            server.destroy();
        }
    }

    /** Their client, for a second of this work at our server, counts packets and no errors, and ends. */
    private static void theirClientSucceeds(String scheme, String workload, BoundServer server) throws Exception {
        Process client = start(
                "client",
                contestant(scheme),
                workload,
                "0",
                "127.0.0.1",
                Integer.toString(server.uri().getPort()),
                "200",
                "1000");
        try {
            assertThat(line(client, "{")).contains("\"errors\":0,").containsPattern("\"packets\":[1-9]");
            assertThat(client.waitFor(10, TimeUnit.SECONDS)).isTrue();
        } finally {
            client.destroy();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "ws"})
    void itsClientIsAnsweredByOurServer(String scheme) throws Exception {
        AtomicLong requests = new AtomicLong();
        BoundServer server = TransportServer.create()
                .listen(scheme + "://127.0.0.1:0")
                .handle(session -> session.send(session.receive().doOnNext(packet -> requests.incrementAndGet())))
                .bindNow();
        try {
            theirClientSucceeds(scheme, "echo:64:4:16", server);
            assertThat(requests).hasPositiveValue();
            assertThat(server.stats().protocolErrors()).isZero();
        } finally {
            TransportContract.stop(server);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "ws"})
    void itsRequestsAreAnsweredUnderLoad(String scheme) throws Exception {
        AtomicLong count = new AtomicLong();
        BoundServer server = TransportServer.create()
                .listen(scheme + "://127.0.0.1:0")
                .handle(session -> session.receive()
                        .flatMap(packet -> {
                            if (packet.type() == PacketType.REQUEST) {
                                return session.reply(packet, Long.toString(count.get()));
                            }
                            count.incrementAndGet();
                            return Flux.<Void>empty();
                        })
                        .then())
                .bindNow();
        try {
            theirClientSucceeds(scheme, "oneway:64:2", server);
        } finally {
            TransportContract.stop(server);
        }
    }
}
