package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.StreamHandler;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportException;
import io.msgtrans.reactive.TransportServer;
import io.netty.channel.Channel;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/** A server goes on with the others whatever befalls one session, its process, or its machine. */
@ExtendWith(LeakCheck.class)
class UnderFireTest {

    private static final int MEGABYTE = 1 << 20;

    private static BoundServer serve(String scheme, Function<Session, Publisher<Void>> handler) {
        return TransportServer.create()
                .listen(scheme.equals("mem") ? "mem://" + UUID.randomUUID() : scheme + "://127.0.0.1:0")
                .session(options -> options.streams(new Numbers()))
                .handle(handler)
                .bindNow();
    }

    private static final class Numbers implements StreamHandler {
        @Override
        public Publisher<Packet> requestStream(Session session, Packet request) {
            return Flux.range(0, 1000).map(i -> Packet.oneWay("" + i));
        }
    }

    /** What operators never do: it throws out of {@code onNext}. */
    private static final class Throwing implements CoreSubscriber<Packet> {
        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Packet packet) {
            throw new IllegalStateException("a subscriber");
        }

        @Override
        public void onError(Throwable error) {
            throw new IllegalStateException("and again", error);
        }

        @Override
        public void onComplete() {
            throw new IllegalStateException("and again");
        }
    }

    private static Session connect(BoundServer server) {
        return connect(server.uri().toString());
    }

    private static Session connect(String uri) {
        return TransportClient.create(uri)
                .endpoint(options -> options.extensions(Extensions.ON))
                .connectNow();
    }

    private static void assertServes(Session session) {
        assertThat(session.request(Packet.request("?")).block(TransportContract.LIMIT))
                .isNotNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"mem", "tcp", "ws"})
    void anExceptionOnTheEventLoopEndsNothing(String scheme) {
        BoundServer server = serve(scheme, TransportContract::echo);
        Session session = connect(server);
        for (Session each : server.sessions()) {
            Objects.requireNonNull(each.transport(Channel.class)).eventLoop().execute(() -> {
                throw new IllegalStateException("a task of somebody else");
            });
        }
        assertServes(session);
        session.dispose();
        TransportContract.stop(server);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mem", "tcp", "ws"})
    void anExceptionInThePipelineEndsOneSession(String scheme) {
        BoundServer server = serve(scheme, TransportContract::echo);
        Session other = connect(server);
        Session session = connect(server);
        assertServes(session);
        Channel channel = Objects.requireNonNull(session.transport(Channel.class));
        channel.pipeline().fireExceptionCaught(new IllegalStateException("a codec of somebody else"));
        CloseReason reason = session.onClose().block(TransportContract.LIMIT);
        assertThat(reason).isNotNull();
        assertThat(reason.kind()).isEqualTo(CloseReason.Kind.ERROR);
        assertServes(other);
        other.dispose();
        TransportContract.stop(server);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mem", "tcp", "ws"})
    void handlersAndSubscribersThatThrowEndTheirSession(String scheme) {
        BoundServer server = serve(
                scheme,
                session -> session.send(session.receive().map(packet -> {
                    if (packet.payloadText().equals("handler")) {
                        throw new IllegalStateException("a handler");
                    }
                    return packet.type() == PacketType.REQUEST ? packet.response(packet.payload()) : packet;
                })));
        Session other = connect(server);
        for (int i = 0; i < 20; i++) {
            Session session = connect(server);
            assertThat(session.request(Packet.request("handler"))
                            .materialize()
                            .block(TransportContract.LIMIT)
                            .getThrowable())
                    .isInstanceOf(TransportException.class);
            Session subscriber = connect(server);
            subscriber.receive().subscribe(new Throwing());
            subscriber.send(Packet.oneWay("x")).block(TransportContract.LIMIT);
            assertThat(subscriber.onClose().block(TransportContract.LIMIT)).isNotNull();
        }
        assertThat(server.stats().handlersFailed()).isEqualTo(20);
        assertServes(other);
        other.dispose();
        TransportContract.stop(server);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aFullDiskForTheLogStopsNobody() throws IOException {
        try (EchoProcess server = EchoProcess.start(new File("/dev/full"), "-Xmx128m")) {
            for (int i = 0; i < 50; i++) {
                Session session = connect(server.uri().toString());
                assertServes(session);
                session.dispose();
            }
            assertThat(server.isAlive()).isTrue();
        }
    }

    /** Sixty peers that each begin a large packet need more direct memory than there is; what they get is an end, and others are served. */
    @Test
    void directMemoryThatIsUsedUpEndsWhoNeedsItAndNobodyElse(@TempDir Path folder) throws IOException {
        try (EchoProcess server = EchoProcess.start(
                folder.resolve("log").toFile(),
                "-Xmx256m",
                "-XX:MaxDirectMemorySize=24m",
                "-Dio.netty.maxDirectMemory=25165824")) {
            for (int round = 0; round < 3; round++) {
                List<RawPeer> greedy = new ArrayList<>();
                byte[] large = Packet.oneWay(new byte[MEGABYTE - 64]).toBytes();
                for (int i = 0; i < 60; i++) {
                    RawPeer peer = RawPeer.connect(server.uri());
                    greedy.add(peer);
                    try {
                        peer.send(Arrays.copyOf(large, large.length - 1));
                    } catch (IOException ended) {
                        assertThat(ended.getMessage()).isNotNull(); // by a server that had no memory for it
                    }
                }
                for (RawPeer peer : greedy) {
                    peer.close();
                }
                Session session = TransportClient.create(server.uri().toString())
                        .session(options -> options.requestTimeout(Duration.ofSeconds(5)))
                        .connect()
                        .flatMap(open ->
                                open.request(Packet.request(new byte[100_000])).thenReturn(open))
                        .retry(20)
                        .block(TransportContract.LIMIT);
                assertThat(session).isNotNull();
                session.dispose();
                assertThat(server.isAlive()).isTrue();
            }
        }
    }
}
