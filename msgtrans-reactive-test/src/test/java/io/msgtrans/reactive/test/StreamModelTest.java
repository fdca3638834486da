package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.StreamHandler;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * Many streams at once on one session with random kinds, lengths, ends, threads, demand and cancels, against what a plain
 * {@code Flux} would do. Everything follows from the seed but the interleaving.
 */
@ExtendWith(LeakCheck.class)
class StreamModelTest {

    private static final int STREAMS = 60;

    private enum End {
        COMPLETE,
        FAIL,
        NEVER
    }

    /** What one stream is told to do, and what it did. */
    private static final class Case extends BaseSubscriber<Packet> {
        final int count;
        final End end;
        final boolean async;
        final boolean channel;
        final int cancelAfter;
        final Random random;
        final Sinks.One<String> outcome = Sinks.one();
        final AtomicInteger terminals = new AtomicInteger();
        int received;
        long demanded;

        Case(long seed) {
            random = new Random(seed);
            count = random.nextInt(4) == 0 ? 0 : random.nextInt(3_000);
            end = List.of(End.values()).get(random.nextInt(3));
            async = random.nextBoolean();
            channel = random.nextBoolean();
            cancelAfter = end == End.NEVER ? count : random.nextInt(3) == 0 ? random.nextInt(count + 1) : -1;
        }

        /** {@code count,end,async} */
        String text() {
            return count + "," + end + "," + async;
        }

        List<String> expected() {
            boolean cancels = cancelAfter >= 0;
            if (cancels) {
                // The error of a channel's source ends both directions at once, with what is still under way in the
                // other.
                return channel && end == End.FAIL ? List.of("cancelled", "failed") : List.of("cancelled");
            }
            return List.of(end == End.COMPLETE ? "complete" : "failed");
        }

        void demand() {
            int more = 1 + random.nextInt(random.nextBoolean() ? 3 : 700);
            demanded += more;
            request(more);
        }

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            if (cancelAfter == 0) {
                cancel();
            } else {
                demand();
            }
        }

        @Override
        protected void hookOnNext(Packet item) {
            if (!item.payloadText().equals(Integer.toString(received)) || ++received > demanded) {
                outcome.tryEmitValue("item " + item.payloadText() + " after " + received + ", demanded " + demanded);
            }
            if (received == cancelAfter) {
                cancel();
            } else if (received == demanded) {
                demand();
            }
        }

        @Override
        protected void hookOnComplete() {
            outcome.tryEmitValue(received == count ? "complete" : "complete after " + received + " of " + count);
        }

        @Override
        protected void hookOnError(Throwable error) {
            outcome.tryEmitValue(
                    error instanceof PeerException peer && peer.code() == 300 && (channel || received == count)
                            ? "failed"
                            : error instanceof ConnectionLostException ? "lost" : "after " + received + ": " + error);
        }

        @Override
        protected void hookOnCancel() {
            outcome.tryEmitValue("cancelled");
        }

        @Override
        protected void hookFinally(SignalType type) {
            terminals.incrementAndGet();
        }
    }

    private static Flux<Packet> items(String text) {
        String[] told = text.split(",", -1);
        Flux<Packet> items =
                Flux.range(0, Integer.parseInt(told[0])).map(number -> Packet.oneWay(Integer.toString(number)));
        Flux<Packet> ended =
                switch (End.valueOf(told[1])) {
                    case COMPLETE -> items;
                    case FAIL -> items.concatWith(Mono.error(new PeerException(300, "told to")));
                    case NEVER -> items.concatWith(Mono.never());
                };
        return Boolean.parseBoolean(told[2]) ? ended.publishOn(Schedulers.parallel()) : ended;
    }

    private static final class Told implements StreamHandler {
        @Override
        public Publisher<Packet> requestStream(Session session, Packet request) {
            return items(request.payloadText());
        }

        @Override
        public Publisher<Packet> channel(Session session, Flux<Packet> items) {
            return items.skip(1); // the first item says what the others are
        }
    }

    private static BoundServer serve() {
        return TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .session(o -> o.streams(new Told()))
                .handle(session -> Mono.never())
                .bindNow();
    }

    private static Session connect(BoundServer server, Random random) {
        int credit = 1 + random.nextInt(300);
        return TransportClient.create(server.uri().toString())
                .endpoint(o -> o.extensions(Extensions.ON))
                .session(o -> o.streamCredit(credit))
                .connectNow();
    }

    private static List<Case> start(Session session, Random random) {
        List<Case> cases = new ArrayList<>();
        for (int i = 0; i < STREAMS; i++) {
            Case stream = new Case(random.nextLong());
            cases.add(stream);
            (stream.channel
                            ? session.channel(
                                    Flux.concat(Mono.just(Packet.oneWay(stream.text())), items(stream.text())))
                            : session.requestStream(Packet.request(stream.text())))
                    .subscribe(stream);
        }
        return cases;
    }

    private static LongStream seeds() {
        return LongStream.rangeClosed(1, 25);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyStreamEndsAsAFluxWouldAndLeavesNothingBehind(long seed) {
        Random random = new Random(seed);
        BoundServer server = serve();
        Session session = connect(server, random);
        List<Case> cases = start(session, random);
        for (Case stream : cases) {
            assertThat(stream.outcome.asMono().block(TransportContract.LIMIT))
                    .as(stream.text() + (stream.channel ? " channel" : "") + ", cancel after " + stream.cancelAfter)
                    .isIn(stream.expected());
            assertThat(stream.terminals).hasValueLessThanOrEqualTo(1);
        }
        // Draining ends only when the tables of both sides are empty.
        session.drain().block(TransportContract.LIMIT);
        server.drain(TransportContract.LIMIT).block(TransportContract.LIMIT);
    }

    @ParameterizedTest
    @ValueSource(longs = {101, 102, 103, 104, 105, 106, 107, 108, 109, 110})
    void aConnectionThatIsCutEndsEveryStreamOnce(long seed) {
        Random random = new Random(seed);
        BoundServer server = serve();
        Session session = connect(server, random);
        List<Case> cases = start(session, random);
        cases.get(random.nextInt(cases.size())).outcome.asMono().block(TransportContract.LIMIT);
        server.sessions().forEach(Session::dispose);
        for (Case stream : cases) {
            List<String> expected = new ArrayList<>(stream.expected());
            expected.add("lost");
            assertThat(stream.outcome.asMono().block(TransportContract.LIMIT))
                    .as(stream.text())
                    .isIn(expected);
            assertThat(stream.terminals).hasValueLessThanOrEqualTo(1);
        }
        TransportContract.stop(server);
    }
}
