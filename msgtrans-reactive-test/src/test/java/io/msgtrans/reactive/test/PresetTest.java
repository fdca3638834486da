package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Preset;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.eventloop.EventLoopOptions;
import io.msgtrans.reactive.eventloop.EventLoops;
import io.msgtrans.reactive.eventloop.IoKind;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollChannelOption;
import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** That what a preset says arrives at the sockets, threads and sessions of a server and a client. */
@ExtendWith(LeakCheck.class)
class PresetTest {

    private record Pair(BoundServer server, Session atServer, Session atClient) implements AutoCloseable {

        static Pair of(Preset preset, String uri) throws InterruptedException {
            BlockingQueue<Session> opened = new LinkedBlockingQueue<>();
            BoundServer server = TransportServer.create()
                    .preset(preset)
                    .listen(uri)
                    .handle(session -> {
                        opened.add(session);
                        return TransportContract.echo(session);
                    })
                    .bindNow();
            Session atClient = TransportClient.create(server.uri().toString())
                    .preset(preset)
                    .connectNow();
            assertThat(atClient.request(Packet.request("?")).block(TransportContract.LIMIT))
                    .isNotNull();
            return new Pair(server, Objects.requireNonNull(opened.poll(10, TimeUnit.SECONDS)), atClient);
        }

        @Override
        public void close() {
            atClient.dispose();
            TransportContract.stop(server);
        }
    }

    private static Channel channel(Session session) {
        return Objects.requireNonNull(session.transport(Channel.class));
    }

    @ParameterizedTest
    @EnumSource
    void boundsAndReadsArriveAtTheChannels(Preset preset) throws InterruptedException {
        SessionOptions expected = preset.session(SessionOptions.DEFAULTS);
        try (Pair pair = Pair.of(preset, "tcp://127.0.0.1:0")) {
            for (Session session : new Session[] {pair.atServer(), pair.atClient()}) {
                Channel channel = channel(session);
                assertThat(channel.config().getWriteBufferHighWaterMark())
                        .isEqualTo(Math.min(256 * 1024, expected.outboundBytes()));
                assertThat(channel.config()
                                .getRecvByteBufAllocator()
                                .newHandle()
                                .guess())
                        .isBetween(expected.firstReadBytes(), 2 * expected.firstReadBytes());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void eventLoopsAreAsManyAndNamed(Preset preset) throws InterruptedException {
        EventLoopOptions expected = preset.eventLoops();
        try (Pair pair = Pair.of(preset, "tcp://127.0.0.1:0")) {
            EventLoop loop = channel(pair.atServer()).eventLoop();
            int threads = expected.threads() == 0 ? Runtime.getRuntime().availableProcessors() : expected.threads();
            assertThat(Objects.requireNonNull(loop.parent())).hasSize(threads);
            assertThat(loop.submit(() -> Thread.currentThread().getName())
                            .awaitUninterruptibly()
                            .getNow()
                            .toString())
                    .startsWith("msgtrans-server-");
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void lowLatencyHasItsOptionsOfSockets() throws InterruptedException {
        try (Pair fast = Pair.of(Preset.LOW_LATENCY, "tcp://127.0.0.1:0");
                Pair plain = Pair.of(Preset.BALANCED, "tcp://127.0.0.1:0")) {
            for (Session session : new Session[] {fast.atServer(), fast.atClient()}) {
                assertThat(channel(session).config().getOption(EpollChannelOption.SO_BUSY_POLL))
                        .isEqualTo(50);
            }
            assertThat(channel(plain.atServer()).config().getOption(EpollChannelOption.SO_BUSY_POLL))
                    .isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyTransportTakesEveryPreset(Preset preset) throws InterruptedException {
        Pair.of(preset, "ws://127.0.0.1:0").close();
        Pair.of(preset, "mem://" + UUID.randomUUID()).close();
    }

    @Test
    void sessionsAboveThatOfThePresetAreRefused() {
        assertThat(Preset.CONSTRAINED.maxSessions()).isEqualTo(1000);
        assertThat(TransportServer.create().preset(Preset.CONSTRAINED).settings())
                .containsEntry("maxSessions", "1,000");
        assertThat(TransportServer.create()
                        .preset(Preset.CONSTRAINED)
                        .maxSessions(5)
                        .settings())
                .containsEntry("maxSessions", "5");
    }

    @Test
    void whatIsSetBehindAPresetWins() {
        EventLoops loops = EventLoops.create(
                EventLoopOptions.DEFAULTS.name("mine").threads(1).io(IoKind.NIO).spin(Duration.ZERO));
        assertThat(TransportServer.create()
                        .preset(Preset.HIGH_THROUGHPUT)
                        .session(options -> options.inboundPackets(7).writeDelay(Duration.ofMillis(1)))
                        .runOn(loops)
                        .settings())
                .containsEntry("preset", "high-throughput")
                .containsEntry("inbound", "7 packets, 4 MiB")
                .containsEntry("outbound", "65,536 packets, 8 MiB")
                .containsEntry("writeDelay", "0.001s or 32 packets")
                .containsEntry("eventLoops", "1 event loop mine on nio");
        assertThat(TransportServer.create().settings()).containsEntry("preset", "none");
    }

    @Test
    void aPresetAlsoChangesAddressesThatWereNamedBefore() throws InterruptedException {
        BoundServer server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .listen("mem://" + UUID.randomUUID())
                .preset(Preset.LOW_LATENCY)
                .handle(TransportContract::echo)
                .bindNow();
        Session session =
                TransportClient.create(server.uris().get(0).toString()).connectNow();
        assertThat(session.request(Packet.request("?")).block(TransportContract.LIMIT))
                .isNotNull();
        session.dispose();
        TransportContract.stop(server);
    }

    @Test
    void aPresetRunsOnOtherEventLoops() {
        EventLoops nio = EventLoops.create(
                EventLoopOptions.DEFAULTS.name("nio").threads(1).io(IoKind.NIO));
        BoundServer server = TransportServer.create()
                .preset(Preset.LOW_LATENCY)
                .listen("tcp://127.0.0.1:0")
                .runOn(nio)
                .listen("ws://127.0.0.1:0")
                .handle(TransportContract::echo)
                .bindNow();
        for (URI uri : server.uris()) {
            Session session = TransportClient.create(uri.toString())
                    .preset(Preset.LOW_LATENCY)
                    .runOn(nio)
                    .connectNow();
            assertThat(session.request(Packet.request("?")).block(TransportContract.LIMIT))
                    .isNotNull();
            session.dispose();
        }
        TransportContract.stop(server);
        nio.disposeLater().block(TransportContract.LIMIT);
    }

    /** What a preset has set goes with the preset; what a user has set stays, and is refused where it has no effect. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void optionsOfSocketsGoWithThePresetThatSetThem() {
        TransportServer quick =
                TransportServer.create().preset(Preset.LOW_LATENCY).listen("tcp://127.0.0.1:0");
        assertThat(quick.preset(Preset.BALANCED).settings())
                .containsEntry("tcp://127.0.0.1:0", "sockets as the system has them");
        EventLoops nio = EventLoops.create(
                EventLoopOptions.DEFAULTS.name("nio").threads(1).io(IoKind.NIO));
        assertThat(quick.runOn(nio).settings()).containsEntry("tcp://127.0.0.1:0", "sockets as the system has them");
        TransportServer own = TransportServer.create()
                .preset(Preset.BALANCED)
                .listen("tcp://127.0.0.1:0", options -> options.busyPoll(Duration.ofMillis(1)))
                .handle(TransportContract::echo)
                .runOn(nio);
        assertThatThrownBy(own::bindNow).hasMessageContaining("busyPoll");
        nio.disposeLater().block(TransportContract.LIMIT);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void optionsOfSocketsAreAmongTheSettings() {
        assertThat(TransportServer.create()
                        .preset(Preset.LOW_LATENCY)
                        .listen("tcp://127.0.0.1:0")
                        .listen("mem://settings")
                        .settings())
                .containsEntry("tcp://127.0.0.1:0", "quickAck, busyPoll 50 us")
                .containsEntry("mem://settings", "sockets as the system has them");
    }

    @Test
    void presetsHaveNames() {
        assertThat(Preset.of("low-latency")).isEqualTo(Preset.LOW_LATENCY);
        assertThat(Preset.of("HIGH_THROUGHPUT")).isEqualTo(Preset.HIGH_THROUGHPUT);
        assertThatThrownBy(() -> Preset.of("fast"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("preset fast is not one of balanced, high-throughput, low-latency, constrained");
    }

    @Test
    void monitorsAndPoolsAreOfThePreset() {
        assertThat(Preset.CONSTRAINED.monitor().interval()).isEqualTo(Duration.ofSeconds(10));
        assertThat(Preset.LOW_LATENCY.monitor().measureAllUpTo()).isEqualTo(1_000_000);
        assertThat(Preset.HIGH_THROUGHPUT.pool().maxSessions()).isEqualTo(10_000);
    }

    @Test
    void optionsOfSocketsAreRefusedWhereTheyHaveNoEffect() {
        assertThatThrownBy(() -> TransportServer.create()
                        .listen("mem://x", options -> options.busyPoll(Duration.ofNanos(1000)))
                        .bindNow())
                .hasMessageContaining("option busyPoll has no effect on mem");
        EventLoops nio = EventLoops.create(
                EventLoopOptions.DEFAULTS.name("nio").threads(1).io(IoKind.NIO));
        assertThatThrownBy(() -> TransportServer.create()
                        .listen("tcp://127.0.0.1:0", options -> options.quickAck(true))
                        .runOn(nio)
                        .bindNow())
                .hasMessageContaining("option quickAck needs event loops on epoll");
    }
}
