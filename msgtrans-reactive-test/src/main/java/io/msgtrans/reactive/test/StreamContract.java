package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Codec;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.Deadline;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.Route;
import io.msgtrans.reactive.Router;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.StreamHandler;
import io.msgtrans.reactive.health.HealthState;
import io.msgtrans.reactive.health.HeartbeatOptions;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** What every transport must do that can agree on the wire extensions: all of {@link TransportContract}, and streams. */
public interface StreamContract extends TransportContract {

    // ---- fixtures ----

    /** Counts up to the number in the request, forever when it is negative; sums; echoes. */
    class Numbers implements StreamHandler {
        private final AtomicLong emitted = new AtomicLong();
        private final AtomicBoolean cancelled = new AtomicBoolean();

        @Override
        public Publisher<Packet> requestStream(Session session, Packet request) {
            long count = Long.parseLong(request.payloadText());
            return Flux.<Long, Long>generate(() -> 0L, (next, sink) -> {
                        if (next == count) {
                            sink.complete();
                        } else {
                            emitted.incrementAndGet();
                            sink.next(next);
                        }
                        return next + 1;
                    })
                    .map(number -> Packet.oneWay(Long.toString(number)))
                    .doOnCancel(() -> cancelled.set(true));
        }

        @Override
        public Mono<Packet> sendStream(Session session, Flux<Packet> items) {
            return items.map(item -> Long.parseLong(item.payloadText()))
                    .reduce(0L, Long::sum)
                    .map(sum -> Packet.oneWay(Long.toString(sum)));
        }

        @Override
        public Publisher<Packet> channel(Session session, Flux<Packet> items) {
            return items;
        }
    }

    /** Starts a server with a stream handler. */
    default BoundServer serveStreams(UnaryOperator<SessionOptions> options, StreamHandler handler) {
        return serve(o -> options.apply(o).streams(handler), session -> Mono.never());
    }

    /** Starts a server with a stream handler. */
    default BoundServer serveStreams(StreamHandler handler) {
        return serveStreams(UnaryOperator.identity(), handler);
    }

    /** Connects to a server and agrees on the extensions. */
    default Session connectExtended(BoundServer server) {
        return connectExtended(server, UnaryOperator.identity());
    }

    /** Connects to a server with options of the session and agrees on the extensions. */
    default Session connectExtended(BoundServer server, UnaryOperator<SessionOptions> options) {
        return client(server.uri().toString())
                .endpoint(o -> o.extensions(Extensions.ON))
                .session(options)
                .connectNow();
    }

    private static Flux<Packet> numbers(int count) {
        return Flux.range(0, count).map(i -> Packet.oneWay(Integer.toString(i)));
    }

    private static Flux<Integer> parsed(Flux<Packet> items) {
        return items.map(item -> Integer.parseInt(item.payloadText()));
    }

    // ---- cases ----

    @Test
    default void heartbeatsMeasureTheRoundTripAndTellTheServersLoad() {
        BoundServer server = serve(o -> o, peer -> peer.receive().then());
        Session session =
                connectExtended(server, o -> o.heartbeat(HeartbeatOptions.OFF.interval(Duration.ofMillis(50))));
        TransportContract.until(
                "a heartbeat is answered in time",
                () -> session.health().roundTrip() != null && session.health().state() == HealthState.HEALTHY);
        assertThat(session.health().load().sessions()).isEqualTo(1);
        session.dispose();
        TransportContract.stop(server);
    }

    @Test
    default void aRequestedStreamArrivesInOrderAndCompletes() {
        BoundServer server = serveStreams(new Numbers());
        Session session = connectExtended(server);
        assertThat(parsed(session.requestStream(Packet.request("5000")))
                        .collectList()
                        .block(LIMIT))
                .isEqualTo(Flux.range(0, 5000).collectList().block());
        assertThat(parsed(session.requestStream(Packet.request("5000")))
                        .limitRate(16)
                        .collectList()
                        .block(LIMIT))
                .isEqualTo(Flux.range(0, 5000).collectList().block());
        assertThat(session.requestStream(Packet.request("0")).count().block(LIMIT))
                .isZero();
        TransportContract.stop(server);
    }

    @Test
    default void thePublisherIsAskedForWhatTheSubscriberDemandsAndStopsWithIt() {
        Numbers handler = new Numbers();
        BoundServer server = serveStreams(handler);
        Session session = connectExtended(server, o -> o.streamCredit(64));
        StepVerifier.create(parsed(session.requestStream(Packet.request("-1"))), 0)
                .thenRequest(3)
                .expectNext(0, 1, 2)
                .then(() -> assertThat(handler.emitted.get()).isEqualTo(3))
                .thenRequest(100)
                .expectNextCount(100)
                .then(() -> assertThat(handler.emitted.get()).isEqualTo(103))
                .thenCancel()
                .verify(LIMIT);
        TransportContract.until("the publisher is cancelled", handler.cancelled::get);
        assertThat(parsed(session.requestStream(Packet.request("2"))).count().block(LIMIT))
                .isEqualTo(2);
        TransportContract.stop(server);
    }

    @Test
    default void manyPacketsGetOneAnswer() {
        BoundServer server = serveStreams(new Numbers());
        Session session = connectExtended(server);
        assertThat(session.sendStream(numbers(10_001)).map(Packet::payloadText).block(LIMIT))
                .isEqualTo("50005000");
        assertThat(session.sendStream(numbers(2).publishOn(Schedulers.parallel()))
                        .map(Packet::payloadText)
                        .block(LIMIT))
                .isEqualTo("1");
        assertThat(session.sendStream(Flux.empty()).block(LIMIT)).isNull();
        TransportContract.stop(server);
    }

    @Test
    default void aChannelCarriesItemsBothWays() {
        BoundServer server = serveStreams(new Numbers());
        Session session = connectExtended(server);
        for (Flux<Packet> items : List.of(
                numbers(5000),
                numbers(5000).publishOn(Schedulers.parallel()),
                numbers(5000).limitRate(7))) {
            assertThat(parsed(session.channel(items)).collectList().block(LIMIT))
                    .isEqualTo(Flux.range(0, 5000).collectList().block());
        }
        TransportContract.stop(server);
    }

    @Test
    default void errorsArriveTyped() {
        BoundServer server = serveStreams(new StreamHandler() {
            @Override
            public Publisher<Packet> requestStream(Session session, Packet request) {
                return request.bizType() == 0
                        ? numbers(3).concatWith(Mono.error(new PeerException(300, "three is enough")))
                        : Flux.error(new IllegalStateException("not a code"));
            }

            @Override
            public Publisher<Packet> channel(Session session, Flux<Packet> items) {
                throw new IllegalArgumentException("thrown");
            }
        });
        Session session = connectExtended(server);
        StepVerifier.create(parsed(session.requestStream(Packet.request(""))))
                .expectNext(0, 1, 2)
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                PeerException.class,
                                peer -> assertThat(peer.code()).isEqualTo(300))
                        .hasMessage("three is enough"))
                .verify(LIMIT);
        assertPeerError(
                session.requestStream(
                        Packet.builder(PacketType.REQUEST).bizType(1).build()),
                PeerException.APPLICATION,
                "not a code");
        assertPeerError(session.channel(numbers(3)), PeerException.APPLICATION, "thrown");
        assertPeerError(session.sendStream(numbers(3)).flux(), PeerException.NO_HANDLER, "sendStream");
        TransportContract.stop(server);
    }

    private static void assertPeerError(Flux<Packet> stream, int code, String message) {
        StepVerifier.create(stream)
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                PeerException.class,
                                peer -> assertThat(peer.code()).isEqualTo(code))
                        .hasMessageContaining(message))
                .verify(LIMIT);
    }

    @Test
    default void anErrorOfTheSenderReachesTheReceiver() {
        Queue<Throwable> errors = new ConcurrentLinkedQueue<>();
        BoundServer server = serveStreams(new StreamHandler() {
            @Override
            public Mono<Packet> sendStream(Session session, Flux<Packet> items) {
                return items.doOnError(errors::add).then(Mono.empty());
            }
        });
        Session session = connectExtended(server);
        StepVerifier.create(session.sendStream(
                        numbers(3).concatWith(Mono.error(new IllegalStateException("source failed")))))
                .expectErrorMessage("source failed")
                .verify(LIMIT);
        TransportContract.until("the server has seen it", () -> errors.size() == 1);
        assertThat(errors.element()).isInstanceOf(PeerException.class).hasMessage("source failed");
        TransportContract.stop(server);
    }

    @Test
    default void cancelOfAChannelStopsBothSides() {
        AtomicBoolean serverCancelled = new AtomicBoolean();
        AtomicBoolean clientCancelled = new AtomicBoolean();
        Sinks.One<Throwable> ended = Sinks.one();
        BoundServer server = serveStreams(new StreamHandler() {
            @Override
            public Publisher<Packet> channel(Session session, Flux<Packet> items) {
                items.subscribe(item -> {}, ended::tryEmitValue);
                return Flux.<Packet>generate(sink -> sink.next(Packet.oneWay("x")))
                        .doOnCancel(() -> serverCancelled.set(true));
            }
        });
        Session session = connectExtended(server);
        Flux<Packet> endless = Flux.<Packet>generate(sink -> sink.next(Packet.oneWay("y")))
                .doOnCancel(() -> clientCancelled.set(true));
        assertThat(session.channel(endless).take(1000).count().block(LIMIT)).isEqualTo(1000);
        TransportContract.until("both publishers are cancelled", () -> serverCancelled.get() && clientCancelled.get());
        assertThat(ended.asMono().block(LIMIT)).isInstanceOf(PeerException.class);
        TransportContract.stop(server);
    }

    @Test
    default void aLargeItemArrivesWholeWithItsHeader() {
        BoundServer server = serveStreams(new Numbers());
        Session session = connectExtended(server);
        byte[] payload = new byte[700_001];
        new Random(1).nextBytes(payload);
        Packet large = Packet.builder(PacketType.ONE_WAY)
                .bizType(9)
                .extHeader("route:large")
                .payload(payload)
                .build();
        List<Packet> back = session.channel(Flux.just(Packet.oneWay("small"), large, Packet.oneWay("end")))
                .collectList()
                .blockOptional(LIMIT)
                .orElseThrow();
        assertThat(back).hasSize(3);
        assertThat(back.get(1).payload()).isEqualTo(payload);
        assertThat(back.get(1).bizType()).isEqualTo(9);
        assertThat(back.get(1).extHeaderText()).isEqualTo("route:large");
        assertThat(back.get(2).payloadText()).isEqualTo("end");
        TransportContract.stop(server);
    }

    @Test
    default void aSlowStreamHoldsUpNoOther() {
        BoundServer server = serveStreams(new Numbers());
        Session session = connectExtended(server);
        StepVerifier.create(parsed(session.requestStream(Packet.request("-1"))), 1)
                .expectNext(0)
                .then(() -> assertThat(Flux.range(0, 255)
                                .flatMap(
                                        stream -> parsed(session.requestStream(Packet.request("500")))
                                                .count(),
                                        255)
                                .reduce(Long::sum)
                                .block(LIMIT))
                        .isEqualTo(255 * 500))
                .thenRequest(1)
                .expectNext(1)
                .thenCancel()
                .verify(LIMIT);
        TransportContract.stop(server);
    }

    @Test
    default void aLostConnectionFailsEveryOpenStreamOnce() {
        BoundServer server = serveStreams(new StreamHandler() {
            @Override
            public Publisher<Packet> requestStream(Session session, Packet request) {
                return Flux.concat(numbers(1), Flux.never());
            }
        });
        Session session = connectExtended(server);
        Queue<Throwable> errors = new ConcurrentLinkedQueue<>();
        AtomicLong received = new AtomicLong();
        for (int i = 0; i < 20; i++) {
            session.requestStream(Packet.request("")).subscribe(item -> received.incrementAndGet(), errors::add);
        }
        TransportContract.until("all are open", () -> received.get() == 20);
        server.sessions().forEach(Session::dispose);
        TransportContract.until("all have failed", () -> errors.size() == 20);
        assertThat(errors).allMatch(ConnectionLostException.class::isInstance);
        assertThatThrownBy(() -> session.requestStream(Packet.request("")).blockLast(LIMIT))
                .isInstanceOf(ConnectionLostException.class);
        TransportContract.stop(server);
    }

    @Test
    default void streamsAboveTheLimitAreRefused() {
        BoundServer server = serveStreams(o -> o.maxStreams(2), new StreamHandler() {
            @Override
            public Publisher<Packet> requestStream(Session session, Packet request) {
                return Flux.never();
            }
        });
        Session session = connectExtended(server);
        session.requestStream(Packet.request("")).onErrorComplete().subscribe();
        session.requestStream(Packet.request("")).onErrorComplete().subscribe();
        assertPeerError(session.requestStream(Packet.request("")), PeerException.TOO_MANY_STREAMS, "maxStreams");
        TransportContract.stop(server);
    }

    @Test
    default void serversOpenStreamsToo() {
        Sinks.One<Long> counted = Sinks.one();
        BoundServer server = serve(session -> Mono.defer(() -> session.requestStream(Packet.request("300"))
                        .count()
                        .doOnNext(counted::tryEmitValue)
                        .then())
                .delaySubscription(Mono.from(session.receive())));
        Session session = connectExtended(server, o -> o.streams(new Numbers()));
        session.send(Packet.oneWay("begin")).block(LIMIT);
        assertThat(counted.asMono().block(LIMIT)).isEqualTo(300);
        TransportContract.stop(server);
    }

    @Test
    default void withoutAgreementAStreamIsAnErrorAtOnce() {
        BoundServer server = serveStreams(new Numbers());
        Session session = client(server.uri().toString())
                .endpoint(o -> o.extensions(Extensions.OFF))
                .connectNow();
        assertThat(session.isExtended()).isFalse();
        for (Publisher<Packet> stream : List.<Publisher<Packet>>of(
                session.requestStream(Packet.request("3")),
                session.sendStream(numbers(1)),
                session.channel(numbers(1)))) {
            StepVerifier.create(stream)
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("extensions"))
                    .verify(LIMIT);
        }
        TransportContract.stop(server);
    }

    @Test
    default void aRequestMayBeAnsweredWithAnError() {
        BoundServer server = serve(session ->
                session.receive().flatMap(request -> session.replyError(request, 404, "no " + request.payloadText())));
        Session session = connectExtended(server);
        StepVerifier.create(session.request(Packet.request("such thing")))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                PeerException.class,
                                peer -> assertThat(peer.code()).isEqualTo(404))
                        .hasMessage("no such thing"))
                .verify(LIMIT);
        assertThat(session.stats().pendingRequests()).isZero();
        TransportContract.stop(server);
    }

    // ---- what goes with requests ----

    @Test
    default void thePeerLearnsThatARequestWasGivenUp() {
        Queue<String> givenUp = new ConcurrentLinkedQueue<>();
        Queue<String> received = new ConcurrentLinkedQueue<>();
        BoundServer server = serve(session -> session.receive()
                .doOnNext(request -> received.add(request.payloadText()))
                .flatMap(
                        request -> session.cancelled(request).doOnSuccess(none -> givenUp.add(request.payloadText()))));
        Session session = connectExtended(server);
        session.request(Packet.request("times out"), Duration.ofMillis(50))
                .onErrorComplete(RequestTimeoutException.class)
                .block(LIMIT);
        Disposable waiting = session.request(Packet.request("cancelled")).subscribe();
        session.request(Packet.request("lost"))
                .onErrorComplete(ConnectionLostException.class)
                .subscribe();
        TransportContract.until("all have arrived", () -> received.size() == 3);
        waiting.dispose();
        TransportContract.until("two were given up", () -> givenUp.containsAll(List.of("times out", "cancelled")));
        assertThat(givenUp).hasSize(2);
        session.dispose();
        TransportContract.until("nobody waits after the end", () -> givenUp.size() == 3);
        TransportContract.stop(server);
    }

    @Test
    default void drainWaitsForNoRequestThatWasGivenUp() {
        Sinks.Empty<Void> release = Sinks.empty();
        Queue<String> received = new ConcurrentLinkedQueue<>();
        BoundServer server = serve(session -> session.receive()
                .doOnNext(request -> received.add(request.payloadText()))
                .flatMap(request -> release.asMono()
                        .then(session.reply(request, "late"))
                        .takeUntilOther(session.cancelled(request))));
        Session session = connectExtended(server);
        Disposable waiting = session.request(Packet.request("x")).subscribe();
        Mono<Packet> answer = session.request(Packet.request("y")).cache();
        answer.onErrorComplete().subscribe();
        TransportContract.until("both have arrived", () -> received.size() == 2);
        waiting.dispose();
        Mono<Void> drained = server.drain(LIMIT);
        assertThat(Mono.defer(() -> session.request(Packet.request("z"), Duration.ofMillis(100)))
                        .map(Packet::payloadText)
                        .onErrorResume(refused -> Mono.just(String.valueOf(refused.getMessage())))
                        .repeat()
                        .filter(answered -> answered.contains("draining"))
                        .blockFirst(LIMIT))
                .isNotNull();
        assertPeerError(session.requestStream(Packet.request("z")), PeerException.UNAVAILABLE, "draining");
        release.tryEmitEmpty();
        assertThat(answer.map(Packet::payloadText).block(LIMIT)).isEqualTo("late");
        drained.block(LIMIT);
        TransportContract.stop(server);
    }

    /** Answers with the tenant, and whether there is a deadline, that its context knows. */
    private static Mono<String> whatTheContextKnows() {
        return Mono.deferContextual(context -> {
            Deadline deadline = Deadline.of(context);
            String time = deadline == null
                    ? "no deadline"
                    : "deadline within " + (deadline.remaining().toSeconds() + 1);
            return Mono.just(context.getOrDefault("tenant", "nobody") + ", " + time);
        });
    }

    @Test
    default void deadlinesAndChosenValuesOfTheContextTravel() {
        Router router = Router.create()
                .onRequest(Route.bizType(0), Codec.TEXT, Codec.TEXT, (session, text) -> whatTheContextKnows())
                .onRequestStream(Route.bizType(0), Codec.TEXT, Codec.TEXT, (session, text) -> whatTheContextKnows())
                .onSendStream(Route.bizType(0), Codec.TEXT, Codec.TEXT, (session, items) -> whatTheContextKnows());
        BoundServer server = serve(o -> o.contextKeys("tenant").streams(router), router::handle);
        Session session =
                connectExtended(server, o -> o.contextKeys("tenant", "secret").deadlines(true));
        Session silent = connectExtended(server);
        for (Session asking : List.of(session, silent)) {
            List<String> answers = Flux.concat(
                            asking.request(Packet.builder(PacketType.REQUEST)
                                    .extHeader("own")
                                    .build()),
                            asking.requestStream(Packet.request("")),
                            asking.sendStream(numbers(3)))
                    .map(Packet::payloadText)
                    .contextWrite(context -> context.put("tenant", "acme")
                            .put("secret", "of the client")
                            .put(Deadline.class, Deadline.in(Duration.ofMillis(7_500))))
                    .collectList()
                    .blockOptional(LIMIT)
                    .orElseThrow();
            assertThat(answers)
                    .containsOnly(asking == session ? "acme, deadline within 8" : "nobody, no deadline")
                    .hasSize(3);
        }
        TransportContract.stop(server);
    }

    @Test
    default void whoeverWorksBeyondTheDeadlineIsStopped() {
        Queue<String> stopped = new ConcurrentLinkedQueue<>();
        Router router = Router.create()
                .onRequest(
                        Route.bizType(0),
                        Codec.TEXT,
                        Codec.TEXT,
                        (session, text) -> Mono.<String>never().doOnCancel(() -> stopped.add("request")))
                .onRequestStream(
                        Route.bizType(0),
                        Codec.TEXT,
                        Codec.TEXT,
                        (session, text) -> Flux.<String>never().doOnCancel(() -> stopped.add("stream")));
        BoundServer server = serve(o -> o.streams(router), router::handle);
        Session session = connectExtended(server, o -> o.deadlines(true));
        StepVerifier.create(session.requestStream(Packet.request(""))
                        .contextWrite(context -> context.put(Deadline.class, Deadline.in(Duration.ofMillis(50)))))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                PeerException.class,
                                peer -> assertThat(peer.code()).isEqualTo(PeerException.DEADLINE_PASSED)))
                .verify(LIMIT);
        StepVerifier.create(session.request(Packet.request(""), Duration.ofMillis(50)))
                .expectErrorMatches(error -> error instanceof RequestTimeoutException || error instanceof PeerException)
                .verify(LIMIT);
        TransportContract.until("both were stopped", () -> stopped.size() == 2);
        assertThat(stopped).containsExactlyInAnyOrder("request", "stream");
        StepVerifier.create(session.request(Packet.request(""))
                        .contextWrite(context -> context.put(Deadline.class, Deadline.in(Duration.ZERO))))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(RequestTimeoutException.class)
                        .hasMessageContaining("deadline"))
                .verify(LIMIT);
        TransportContract.stop(server);
    }

    @Test
    default void drainWaitsForOpenStreams() {
        Sinks.Empty<Void> release = Sinks.empty();
        BoundServer server = serveStreams(new StreamHandler() {
            @Override
            public Publisher<Packet> requestStream(Session session, Packet request) {
                return numbers(1).concatWith(release.asMono().then(Mono.just(Packet.oneWay("last"))));
            }
        });
        Session session = connectExtended(server);
        Queue<String> received = new ConcurrentLinkedQueue<>();
        Sinks.Empty<Void> ended = Sinks.empty();
        session.requestStream(Packet.request(""))
                .doFinally(signal -> ended.tryEmitEmpty())
                .subscribe(item -> received.add(item.payloadText()));
        TransportContract.until("the stream is open", () -> received.size() == 1);
        Mono<Void> drained = server.drain(LIMIT);
        release.tryEmitEmpty();
        drained.block(LIMIT);
        ended.asMono().block(LIMIT);
        assertThat(received).containsExactly("0", "last");
        TransportContract.stop(server);
    }
}
