package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BindFailedException;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.group.Groups;
import io.netty.buffer.Unpooled;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.util.retry.Retry;

/**
 * What every transport must do. A test class of a transport implements this interface and says where to listen and with
 * which options; the cases come with it.
 */
@ExtendWith(LeakCheck.class)
@NullUnmarked // test code: a null where none is expected fails the case
public interface TransportContract {

    /** The longest that a case waits for anything. */
    Duration LIMIT = Duration.ofSeconds(30);

    /** How many sessions are given up with calls under way. */
    int CANCELLED = 100;

    /** Where to listen; a free address each time, such as port 0. */
    String listenUri();

    /** Options of the listener. */
    default EndpointOptions server(EndpointOptions options) {
        return options;
    }

    /** Options of the clients. */
    default EndpointOptions client(EndpointOptions options) {
        return options;
    }

    /** The server that cases begin with; one on event loops of its own, for example. */
    default TransportServer server() {
        return TransportServer.create();
    }

    /** The client that cases begin with. */
    default TransportClient client(String uri) {
        return TransportClient.create(uri).endpoint(this::client);
    }

    /** An address on which nobody listens. */
    String deadUri();

    /** How many sessions are many. */
    default int manySessions() {
        return 1_000;
    }

    // ---- fixtures ----

    /** Starts a server with a handler. */
    default BoundServer serve(Function<Session, Publisher<Void>> handler) {
        return serve(UnaryOperator.identity(), handler);
    }

    /** Starts a server with options of the session and a handler. */
    default BoundServer serve(UnaryOperator<SessionOptions> options, Function<Session, Publisher<Void>> handler) {
        return server().listen(listenUri(), this::server)
                .session(options)
                .handle(handler)
                .bindNow();
    }

    /** Connects to a server. */
    default Session connect(BoundServer server) {
        return connect(server, UnaryOperator.identity());
    }

    /** Connects to a server with options of the session. */
    default Session connect(BoundServer server, UnaryOperator<SessionOptions> options) {
        return client(server).session(options).connectNow();
    }

    private TransportClient client(BoundServer server) {
        return client(server.uri().toString());
    }

    /** Sends everything back. */
    static Publisher<Void> echo(Session session) {
        return session.send(session.receive()
                .map(packet -> packet.type() == PacketType.REQUEST ? packet.withType(PacketType.RESPONSE) : packet));
    }

    /** Ends a server and waits for it. */
    static void stop(BoundServer server) {
        server.dispose();
        server.onDispose().block(LIMIT);
    }

    /** Starts work whose end the case does not wait for; that its connection is closed at the end of the case is no error. */
    private static void inBackground(Publisher<?> work) {
        Flux.from(work).onErrorComplete(ConnectionLostException.class).subscribe();
    }

    /** Waits for a condition. */
    static void until(String what, BooleanSupplier condition) {
        until(what, condition, LIMIT);
    }

    private static void until(String what, BooleanSupplier condition, Duration limit) {
        Boolean met = Flux.interval(Duration.ZERO, Duration.ofMillis(5))
                .map(tick -> condition.getAsBoolean())
                .filter(Boolean::booleanValue)
                .blockFirst(limit);
        assertThat(met).as(what).isTrue();
    }

    /** Waits until a figure has not changed for a while. */
    static void settled(String what, LongSupplier figure) {
        Long before = Flux.interval(Duration.ZERO, Duration.ofMillis(20))
                .map(tick -> figure.getAsLong())
                .buffer(15, 1)
                .filter(last -> last.stream().distinct().count() == 1)
                .map(last -> last.get(0))
                .blockFirst(LIMIT);
        assertThat(before).as(what).isNotNull();
    }

    /** A packet whose payload is a number. */
    static Packet numbered(int number) {
        return Packet.oneWay(Integer.toString(number));
    }

    /** The number in a packet's payload. */
    static int number(Packet packet) {
        return Integer.parseInt(packet.payloadText());
    }

    // ---- turns ----

    private static Packet letter(String letter, int payloadBytes, int flags) {
        byte[] payload = new byte[payloadBytes];
        payload[0] = (byte) letter.charAt(0);
        return Packet.builder(PacketType.ONE_WAY).flags(flags).payload(payload).build();
    }

    private static String letter(Packet packet) {
        return String.valueOf((char) packet.payloadByte(0));
    }

    @Test
    default void urgentPacketsPassThoseThatWait() {
        Sinks.Empty<Void> read = Sinks.empty();
        Queue<String> received = new ConcurrentLinkedQueue<>();
        BoundServer server = serve(session -> read.asMono()
                .thenMany(session.receive())
                .doOnNext(packet -> received.add(letter(packet)))
                .then());
        Session session = connect(server, o -> o.outboundBytes(16 << 20).outboundPackets(100_000));
        int sent = 0;
        while (session.outboundQueuedBytes() < 8 << 20) {
            assertThat(session.offer(letter("n", 16 * 1024, 0))).isEqualTo(OfferResult.ACCEPTED);
            sent++;
        }
        assertThat(session.offer(letter("u", 100, Packet.FLAG_HIGH_PRIORITY))).isEqualTo(OfferResult.ACCEPTED);
        read.tryEmitEmpty();
        int all = sent + 1;
        until("all have arrived", () -> received.size() == all);
        assertThat(List.copyOf(received).indexOf("u")).isLessThan(all - 100);
        stop(server);
    }

    @Test
    default void sendersAndOffersTakeTurns() {
        Queue<String> received = new ConcurrentLinkedQueue<>();
        Sinks.Empty<Void> done = Sinks.empty();
        Set<String> begun = ConcurrentHashMap.newKeySet();
        BoundServer server = serve(session -> session.receive()
                .map(TransportContract::letter)
                .doOnNext(begun::add)
                .skipUntil(letter -> begun.size() == 3)
                .take(1200)
                .doOnNext(received::add)
                .then(Mono.fromRunnable(done::tryEmitEmpty)));
        Session session = connect(server);
        for (String letter : List.of("a", "b")) {
            inBackground(session.send(Flux.generate(sink -> sink.next(letter(letter, 32 * 1024, 0)))));
        }
        inBackground(Flux.interval(Duration.ofMillis(1))
                .doOnNext(tick -> {
                    while (session.offer(letter("o", 32 * 1024, 0)) == OfferResult.ACCEPTED) {
                        // as many as there is room for
                    }
                })
                .takeUntilOther(done.asMono()));
        done.asMono().block(LIMIT);
        assertThat(received.stream().collect(Collectors.groupingBy(letter -> letter, Collectors.counting())))
                .allSatisfy((letter, count) -> assertThat(count).isGreaterThan(20))
                .hasSize(3);
        stop(server);
    }

    // ---- delivery ----

    @Test
    default void packetsComeBackInOrderUnderLoad() {
        BoundServer server = serve(TransportContract::echo);
        Session session = connect(server);
        int count = 100_000;
        Flux<Integer> back = session.receive().map(TransportContract::number).take(count);
        Mono<Void> sent = session.send(Flux.range(0, count).map(TransportContract::numbered));
        StepVerifier.create(Mono.when(sent)
                        .thenMany(Flux.<Integer>empty())
                        .mergeWith(back)
                        .index((i, n) -> i == (long) n))
                .thenConsumeWhile(inOrder -> inOrder)
                .expectComplete()
                .verify(LIMIT);
        assertThat(session.stats().packetsSent()).isEqualTo(count);
        stop(server);
    }

    /** Demand that comes while a read is decoded reaches what waited before. */
    @Test
    default void whoSubscribesWhenAnAnswerComesGetsWhatWaited() {
        int count = 5;
        BoundServer server = serve(session -> session.receive()
                .concatMap(request -> session.send(Flux.range(0, count).map(TransportContract::numbered))
                        .then(session.reply(request, "")))
                .then());
        Session session = connect(server);
        StepVerifier.create(session.request(Packet.request("go"))
                        .thenMany(Flux.defer(session::receive))
                        .map(TransportContract::number)
                        .take(count))
                .expectNext(0, 1, 2, 3, 4)
                .expectComplete()
                .verify(LIMIT);
        stop(server);
    }

    @Test
    default void everyFieldAndSizeSurvives() {
        BoundServer server = serve(TransportContract::echo);
        Session session = connect(server);
        List<Packet> packets = new ArrayList<>();
        for (int size : new int[] {0, 1, 109, 110, 125, 126, 4095, 65_519, 65_520, 65_535, 65_536, 1 << 20}) {
            byte[] payload = new byte[size];
            Arrays.fill(payload, (byte) size);
            packets.add(Packet.builder(PacketType.ONE_WAY)
                    .messageId(0xFFFFFFFFL - size)
                    .bizType(size & 0xFF)
                    .flags(0xFFFF & (size * 31))
                    .extHeader(new byte[size % 7])
                    .payload(payload)
                    .build());
        }
        packets.add(Packet.builder(PacketType.ONE_WAY)
                .messageId(0)
                .extHeader(new byte[Packet.MAX_EXT_HEADER_BYTES])
                .build());
        inBackground(session.send(Flux.fromIterable(packets)));
        assertThat(session.receive().take(packets.size()).collectList().block(LIMIT))
                .isEqualTo(packets);
        stop(server);
    }

    @Test
    default void borrowedPacketsAreEchoedWithoutLeak() {
        BoundServer server = serve(session -> session.send(session.receiveBorrowed()));
        Session session = connect(server);
        int count = 300;
        Flux<Packet> packets = Flux.range(0, count).map(i -> Packet.oneWay(new byte[(i % 7) * 9_000]));
        inBackground(session.send(packets));
        List<Integer> sizes = session.receiveBorrowed()
                .map(Packet::retain)
                .map(packet -> {
                    int size = packet.payloadLength();
                    packet.release();
                    return size;
                })
                .take(count)
                .collectList()
                .block(LIMIT);
        assertThat(sizes).hasSize(count);
        for (int i = 0; i < count; i++) {
            assertThat(sizes.get(i)).isEqualTo((i % 7) * 9_000);
        }
        stop(server);
    }

    @Test
    default void aConsumerGetsEachPacketAndTheEnd() {
        int count = 300;
        BoundServer server =
                serve(session -> session.receive(packet -> session.send(packet).subscribe()));
        Session session = connect(server);
        List<Integer> sizes = new CopyOnWriteArrayList<>();
        CompletableFuture<Void> end = session.receiveBorrowed(packet -> sizes.add(packet.payloadLength()))
                .toFuture();
        inBackground(session.send(Flux.range(0, count).map(size -> Packet.oneWay(new byte[size]))));
        until("all packets have come back", () -> sizes.size() == count);
        session.close().block(LIMIT);
        assertThat(Mono.fromFuture(end).blockOptional(LIMIT)).isEmpty();
        assertThat(sizes)
                .containsExactlyElementsOf(IntStream.range(0, count).boxed().toList());
        stop(server);
    }

    @Test
    default void aConsumerThatFailsClosesItsSessionOnly() {
        BoundServer server = serve(session -> session.receive(packet -> {
            if (packet.payloadText().equals("bad")) {
                throw new IllegalStateException("produced on purpose");
            }
            session.offer(packet);
        }));
        onlyTheSessionOfBadPacketsEnds(server);
    }

    private void onlyTheSessionOfBadPacketsEnds(BoundServer server) {
        Session bad = connect(server);
        Session good = connect(server);
        bad.send(Packet.oneWay("bad")).block(LIMIT);
        assertThat(bad.onClose().block(LIMIT)).isNotNull();
        inBackground(good.send(Packet.oneWay("good")));
        assertThat(good.receive().blockFirst(LIMIT)).isNotNull();
        stop(server);
    }

    /** What goes from session to session is not copied where it needs not be, and what waits for the other one is not lost. */
    @Test
    default void whatIsForwardedToAnotherSessionKeepsItsBytes() {
        BoundServer back = serve(TransportContract::echo);
        BoundServer front = serve(session -> client(back)
                .connect()
                .flatMap(behind -> Mono.when(behind.send(session.receive()), session.send(behind.receive()))));
        Session session = connect(front);
        int count = 300;
        Random random = new Random(1);
        List<byte[]> payloads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] payload = new byte[i % 10 == 0 ? random.nextInt(40_000) : random.nextInt(300)];
            random.nextBytes(payload);
            payloads.add(payload);
        }
        inBackground(session.send(Flux.fromIterable(payloads).map(Packet::oneWay)));
        List<Packet> returned = session.receive().take(count).collectList().block(LIMIT);
        assertThat(returned).hasSize(count);
        for (int i = 0; i < count; i++) {
            assertThat(returned.get(i).payload()).isEqualTo(payloads.get(i));
        }
        stop(front);
        stop(back);
    }

    @Test
    default void directPayloadsAreReleasedOnceWhenSent() {
        BoundServer server = serve(TransportContract::echo);
        Session session = connect(server);
        var payload = Unpooled.directBuffer().writeZero(100_000);
        Packet owned = Packet.builder(PacketType.ONE_WAY).payload(payload).build();
        inBackground(session.send(owned));
        assertThat(session.receive().blockFirst(LIMIT)).matches(packet -> packet.payloadLength() == 100_000);
        until("the payload is released", () -> payload.refCnt() == 0);
        stop(server);
    }

    @Test
    default void sendersOfManyThreadsKeepTheirOrder() {
        BoundServer server = serve(TransportContract::echo);
        Session session = connect(server);
        int senders = 8;
        int each = 5_000;
        List<Mono<Void>> sends = new ArrayList<>();
        for (int s = 0; s < senders; s++) {
            int biz = s;
            sends.add(session.send(Flux.range(0, each)
                    .publishOn(Schedulers.parallel())
                    .map(i -> Packet.builder(PacketType.ONE_WAY)
                            .bizType(biz)
                            .payload(Integer.toString(i))
                            .build())));
        }
        inBackground(Mono.when(sends));
        int[] next = new int[senders];
        session.receive()
                .take((long) senders * each)
                .doOnNext(packet -> assertThat(number(packet)).isEqualTo(next[packet.bizType()]++))
                .blockLast(LIMIT);
        assertThat(next).containsOnly(each);
        stop(server);
    }

    @Test
    default void offersOfManyThreadsArriveOrAreRefused() throws InterruptedException {
        AtomicLong received = new AtomicLong();
        BoundServer server = serve(session ->
                session.receive().doOnNext(p -> received.incrementAndGet()).then());
        Session session = connect(server);
        AtomicLong accepted = new AtomicLong();
        CountDownLatch done = new CountDownLatch(4);
        for (int t = 0; t < 4; t++) {
            Thread thread = new Thread(
                    () -> {
                        for (int i = 0; i < 20_000; i++) {
                            if (session.offer(numbered(i)) == OfferResult.ACCEPTED) {
                                accepted.incrementAndGet();
                            }
                        }
                        done.countDown();
                    },
                    "offering-" + t);
            thread.start();
        }
        done.await();
        assertThat(accepted.get()).isPositive();
        until("all accepted packets arrive", () -> received.get() == accepted.get());
        stop(server);
    }

    // ---- demand and bounds ----

    @Test
    default void aSubscriberThatStopsAskingStopsThePublisherOfThePeer() {
        AtomicReference<Subscription> demand = new AtomicReference<>();
        AtomicInteger received = new AtomicInteger();
        BoundServer server = serve(session -> {
            session.receive().subscribe(new BaseSubscriber<>() {
                @Override
                protected void hookOnSubscribe(Subscription subscription) {
                    demand.set(subscription);
                    subscription.request(10);
                }

                @Override
                protected void hookOnNext(Packet packet) {
                    assertThat(number(packet)).isEqualTo(received.getAndIncrement());
                }
            });
            return Mono.never();
        });
        Session session = connect(server);
        AtomicInteger emitted = new AtomicInteger();
        int count = 2_000_000;
        String padding = "0".repeat(200);
        inBackground(session.send(Flux.range(0, count).map(i -> {
            emitted.set(i + 1);
            return Packet.oneWay(padding + i);
        })));
        until("the first packets arrive", () -> received.get() == 10);
        settled("the publisher is asked no more", emitted::get);
        assertThat(emitted.get())
                .as("what lies between publisher and subscriber is bounded")
                .isLessThan(count / 2);
        assertThat(received.get()).isEqualTo(10);
        int before = emitted.get();
        Subscription subscription = demand.get();
        assertThat(subscription).isNotNull();
        subscription.request(before + 1_000L);
        until("demand lets it go on", () -> received.get() == before + 1_010);
        assertThat(emitted.get()).isGreaterThan(before);
        stop(server);
    }

    @Test
    default void aPeerThatNeverReadsCostsBoundedMemoryAndHarmsNobody() {
        AtomicReference<Session> toDeaf = new AtomicReference<>();
        BoundServer server = serve(session -> session.receive().next().flatMap(first -> {
            if (first.payloadText().equals("deaf")) {
                toDeaf.set(session);
                return session.send(Flux.range(0, Integer.MAX_VALUE)
                        .map(i -> Packet.oneWay(new byte[1024]))
                        .repeat());
            }
            return session.send(session.receive());
        }));
        Session deaf = connect(server);
        deaf.send(Packet.oneWay("deaf")).block(LIMIT);
        Session other = connect(server);
        other.send(Packet.oneWay("echo")).block(LIMIT);
        until(
                "the server sends",
                () -> toDeaf.get() != null && toDeaf.get().stats().packetsSent() > 100);
        inBackground(other.send(Flux.range(0, 10_000).map(TransportContract::numbered)));
        assertThat(other.receive().take(10_000).count().block(LIMIT)).isEqualTo(10_000);
        settled("sending stops", () -> toDeaf.get().stats().packetsSent());
        assertThat(toDeaf.get().outboundQueuedBytes()).isLessThan(4L * SessionOptions.DEFAULTS.outboundBytes());
        stop(server);
    }

    @Test
    default void offerSaysFullAndWritableSaysWhenThereIsRoom() {
        Sinks.Empty<Void> read = Sinks.empty();
        AtomicLong received = new AtomicLong();
        BoundServer server = serve(session -> read.asMono()
                .thenMany(session.receive())
                .doOnNext(p -> received.incrementAndGet())
                .then());
        Session session = connect(server, options -> options.outboundPackets(64).outboundBytes(8192));
        long accepted = 0;
        OfferResult result = OfferResult.ACCEPTED;
        for (int i = 0; i < 1_000_000 && result == OfferResult.ACCEPTED; i++) {
            result = session.offer(Packet.oneWay(new byte[1024]));
            accepted += result == OfferResult.ACCEPTED ? 1 : 0;
        }
        assertThat(result).isEqualTo(OfferResult.FULL);
        read.tryEmitEmpty();
        assertThat(session.writable().filter(Boolean::booleanValue).blockFirst(LIMIT))
                .isTrue();
        long expected = accepted;
        until("what was accepted arrives", () -> received.get() >= expected);
        session.close().block(LIMIT);
        assertThat(session.writable().collectList().block(LIMIT))
                .as("after the end")
                .containsExactly(false);
        stop(server);
    }

    @Test
    default void aSecondSubscriberIsRefusedAndALaterOneContinues() {
        BoundServer server = serve(session -> session.send(Flux.range(0, 1_000).map(TransportContract::numbered)));
        Session session = connect(server);
        AtomicReference<Throwable> refused = new AtomicReference<>();
        Flux<Integer> numbers = session.receive().map(TransportContract::number);
        List<Integer> first = numbers.doOnNext(n -> {
                    if (n == 5) {
                        session.receive().subscribe(p -> {}, refused::set);
                    }
                })
                .take(10)
                .collectList()
                .block(LIMIT);
        assertThat(first).hasSize(10);
        assertThat(refused.get()).isInstanceOf(IllegalStateException.class);
        List<Integer> rest = Flux.defer(() -> numbers)
                .retryWhen(Retry.fixedDelay(100, Duration.ofMillis(10))) // until the first one's cancel has arrived
                .collectList()
                .block(LIMIT);
        assertThat(first).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        assertThat(rest).hasSize(990).startsWith(10).endsWith(999);
        stop(server);
    }

    // ---- requests ----

    @Test
    default void requestsAreMatchedWhateverTheOrderOfAnswers() {
        BoundServer server = serve(session -> session.receive()
                .buffer(10)
                .concatMap(requests -> Flux.range(0, 10)
                        .map(i -> requests.get(9 - i))
                        .concatMap(request -> session.reply(request, request.payload())))
                .then());
        Session session = connect(server);
        List<String> answers = Flux.range(0, 1_000)
                .flatMapSequential(i -> session.request(Packet.request("q" + i)).map(Packet::payloadText), 100, 1)
                .collectList()
                .block(LIMIT);
        assertThat(answers).hasSize(1_000);
        for (int i = 0; i < 1_000; i++) {
            assertThat(answers.get(i)).isEqualTo("q" + i);
        }
        assertThat(session.stats().pendingRequests()).isZero();
        stop(server);
    }

    @Test
    default void bothSidesMayAsk() {
        Sinks.One<String> answer = Sinks.one();
        BoundServer server = serve(session -> session.request(Packet.request("from the server"))
                .doOnNext(response -> answer.tryEmitValue(response.payloadText()))
                .then(Mono.never()));
        Session session = connect(server);
        inBackground(session.receive().flatMap(request -> session.reply(request, request.payloadText() + " answered")));
        assertThat(answer.asMono().block(LIMIT)).isEqualTo("from the server answered");
        stop(server);
    }

    @Test
    default void aRequestWithoutAnswerTimesOutAndALateAnswerIsCounted() {
        AtomicReference<Packet> request = new AtomicReference<>();
        AtomicReference<Session> peer = new AtomicReference<>();
        BoundServer server = serve(session -> {
            peer.set(session);
            return session.receive().doOnNext(request::set).then();
        });
        Session session = connect(server);
        StepVerifier.create(session.request(Packet.request("?"), Duration.ofMillis(100)))
                .expectError(RequestTimeoutException.class)
                .verify(LIMIT);
        assertThat(session.stats().pendingRequests()).isZero();
        until("the request is there", () -> request.get() != null);
        peer.get().reply(request.get(), "late").block(LIMIT);
        until("the late answer is counted", () -> session.stats().unmatchedResponses() == 1);
        stop(server);
    }

    @Test
    default void cancelFreesTheEntry() {
        BoundServer server = serve(session -> session.receive().then());
        Session session = connect(server);
        var waiting = session.request(Packet.request("?")).subscribe();
        until("it is pending", () -> session.stats().pendingRequests() == 1);
        waiting.dispose();
        until("it is forgotten", () -> session.stats().pendingRequests() == 0);
        stop(server);
    }

    @Test
    default void pendingRequestsAreBounded() {
        BoundServer server = serve(session -> session.receive().then());
        Session session = connect(server, options -> options.maxPendingRequests(2));
        session.request(Packet.request("1")).subscribe(p -> {}, e -> {});
        session.request(Packet.request("2")).subscribe(p -> {}, e -> {});
        StepVerifier.create(session.request(Packet.request("3")))
                .expectErrorMatches(error -> error instanceof LimitException limit
                        && limit.limit() == 2
                        && limit.option().equals("maxPendingRequests"))
                .verify(LIMIT);
        stop(server);
    }

    @Test
    default void anIdThatIsPendingIsRefusedBeforeItIsWritten() {
        BoundServer server = serve(session -> session.receive().then());
        Session session = connect(server);
        Packet request = Packet.request("?").withMessageId(77);
        session.request(request).subscribe(p -> {}, e -> {});
        StepVerifier.create(session.request(request))
                .expectError(IllegalArgumentException.class)
                .verify(LIMIT);
        session.close().block(LIMIT); // after all that was accepted is written
        assertThat(session.stats().packetsSent()).isEqualTo(1);
        stop(server);
    }

    @Test
    default void pendingRequestsFailAtOnceWhenTheConnectionEnds() {
        BoundServer server = serve(session -> session.receive().take(1).then());
        Session session = connect(server, options -> options.requestTimeout(Duration.ofHours(1)));
        StepVerifier.create(session.request(Packet.request("?")))
                .expectError(ConnectionLostException.class)
                .verify(LIMIT);
        stop(server);
    }

    // ---- failure and close ----

    @Test
    default void sendFailsWithTheNumberOfUnsentPacketsWhenTheConnectionDies() {
        AtomicReference<Session> peer = new AtomicReference<>();
        BoundServer server = serve(session -> {
            peer.set(session);
            return Mono.never(); // never reads
        });
        Session session = connect(server);
        Sinks.One<Throwable> outcome = Sinks.one();
        session.send(Flux.range(0, 1_000_000).map(i -> Packet.oneWay(new byte[1024])))
                .subscribe(
                        nothing -> {},
                        outcome::tryEmitValue,
                        () -> outcome.tryEmitValue(new AssertionError("completed although packets were lost")));
        until("something was sent", () -> peer.get() != null && session.stats().packetsSent() > 0);
        settled("the peer's window is full", () -> session.stats().packetsSent());
        peer.get().dispose();
        Throwable error = outcome.asMono().block(LIMIT);
        assertThat(error).isInstanceOf(ConnectionLostException.class);
        assertThat(((ConnectionLostException) error).unsentPackets()).isPositive();
        stop(server);
    }

    @Test
    default void aPublisherThatFailsFailsItsSendOnly() {
        BoundServer server = serve(TransportContract::echo);
        Session session = connect(server);
        StepVerifier.create(session.send(
                        Flux.just(numbered(1)).concatWith(Mono.error(new IllegalStateException("source")))))
                .expectErrorMessage("source")
                .verify(LIMIT);
        assertThat(session.request(Packet.request("still there")).block(LIMIT)).isNotNull();
        stop(server);
    }

    @Test
    default void closeWritesWhatWasAcceptedThenEndsBothSides() {
        AtomicInteger received = new AtomicInteger();
        Sinks.One<CloseReason> closed = Sinks.one();
        BoundServer server = serve(session -> {
            session.onClose().subscribe(closed::tryEmitValue);
            return session.receive().doOnNext(p -> received.incrementAndGet()).then();
        });
        Session session = connect(server);
        int accepted = 0;
        for (int i = 0; i < 1_000; i++) {
            accepted += session.offer(numbered(i)) == OfferResult.ACCEPTED ? 1 : 0;
        }
        session.close().block(LIMIT);
        CloseReason reason = closed.asMono().block(LIMIT);
        assertThat(reason).isNotNull();
        assertThat(reason.isOrderly()).isTrue();
        assertThat(received.get()).isEqualTo(accepted);
        assertThat(session.offer(numbered(0))).isEqualTo(OfferResult.CLOSED);
        StepVerifier.create(session.send(numbered(0)))
                .expectError(ConnectionLostException.class)
                .verify(LIMIT);
        StepVerifier.create(session.request(numbered(0)))
                .expectError(ConnectionLostException.class)
                .verify(LIMIT);
        assertThat(session.isDisposed()).isTrue();
        stop(server);
    }

    @Test
    default void receiveCompletesWhenThePeerCloses() {
        BoundServer server = serve(session -> session.send(numbered(1)));
        Session session = connect(server);
        StepVerifier.create(session.receive().map(TransportContract::number))
                .expectNext(1)
                .expectComplete()
                .verify(LIMIT);
        stop(server);
    }

    @Test
    default void aHandlerThatFailsClosesItsSessionOnly() {
        BoundServer server = serve(session -> session.receive()
                .flatMap(packet -> {
                    if (packet.payloadText().equals("bad")) {
                        throw new IllegalStateException("produced on purpose");
                    }
                    return session.send(packet);
                })
                .then());
        onlyTheSessionOfBadPacketsEnds(server);
    }

    // ---- servers ----

    @Test
    default void drainAnswersWhatIsInFlightThenCloses() {
        Sinks.Empty<Void> answer = Sinks.empty();
        AtomicInteger asked = new AtomicInteger();
        BoundServer server = serve(session -> session.receive()
                .flatMap(request -> {
                    asked.incrementAndGet();
                    return answer.asMono().then(session.reply(request, "done"));
                })
                .then());
        Session session = connect(server);
        Mono<List<String>> answers = Flux.range(0, 10)
                .flatMap(i -> session.request(Packet.request("?")).map(Packet::payloadText))
                .collectList()
                .cache();
        inBackground(answers);
        until("the requests are there", () -> asked.get() == 10);
        Mono<Void> drained = server.drain(LIMIT);
        assertThat(session.isOpen()).isTrue();
        answer.tryEmitEmpty();
        assertThat(answers.block(LIMIT)).hasSize(10).containsOnly("done");
        drained.block(LIMIT);
        assertThat(session.onClose().block(LIMIT)).matches(CloseReason::isOrderly);
        assertThat(server.sessionCount()).isZero();
    }

    @Test
    default void theAddressCanBeBoundAgainRightAfterTheEnd() {
        BoundServer first = serve(TransportContract::echo);
        Session session = connect(first);
        assertThat(session.request(Packet.request("1")).block(LIMIT)).isNotNull();
        first.drain(Duration.ofSeconds(1)).block(LIMIT);
        for (int i = 0; i < 3; i++) {
            BoundServer again = serveAt(first.uri());
            assertThat(connect(again).request(Packet.request("2")).block(LIMIT)).isNotNull();
            stop(again);
        }
        for (int i = 0; i < 30; i++) {
            stop(serveAt(first.uri()));
        }
    }

    private BoundServer serveAt(URI uri) {
        return server().listen(uri.toString(), this::server)
                .handle(TransportContract::echo)
                .bindNow();
    }

    @Test
    default void anAddressInUseIsAnErrorOfBind() {
        BoundServer server = serve(TransportContract::echo);
        StepVerifier.create(
                        server().listen(server.uri().toString(), this::server).bind())
                .expectError(BindFailedException.class)
                .verify(LIMIT);
        stop(server);
    }

    @Test
    default void aSessionThatIsDemandedLateIsNoWorse() {
        BoundServer server = serve(TransportContract::echo);
        AtomicReference<Session> opened = new AtomicReference<>();
        StepVerifier.create(client(server).connect(), 0)
                .then(() -> until("the connection is open", () -> server.sessionCount() == 1))
                .thenRequest(1)
                .consumeNextWith(opened::set)
                .expectComplete()
                .verify(LIMIT);
        assertThat(opened.get().request(Packet.request("?")).block(LIMIT)).isNotNull();
        stop(server);
    }

    @Test
    default void aServerThatSpeaksAndLeavesAtOnceIsHeard() {
        BoundServer server = serve(session -> session.send(Packet.oneWay("bye")));
        for (int i = 0; i < 20; i++) {
            StepVerifier.create(client(server)
                            .connect()
                            .flatMapMany(Session::receive)
                            .map(Packet::payloadText))
                    .expectNext("bye")
                    .expectComplete()
                    .verify(LIMIT);
        }
        stop(server);
    }

    @Test
    default void nobodyThereIsAnErrorOfConnect() {
        StepVerifier.create(client(deadUri())
                        .endpoint(options -> options.connectTimeout(Duration.ofSeconds(3)))
                        .connect())
                .expectErrorMatches(error -> error instanceof ConnectFailedException failed
                        && failed.uri().toString().equals(deadUri()))
                .verify(LIMIT);
    }

    @Test
    default void sessionsAboveTheLimitAreRefusedAtAccept() {
        BoundServer server = server().listen(listenUri(), this::server)
                .maxSessions(2)
                .handle(TransportContract::echo)
                .bindNow();
        Session one = connect(server);
        assertThat(one.request(Packet.request("1")).block(LIMIT)).isNotNull();
        assertThat(connect(server).request(Packet.request("2")).block(LIMIT)).isNotNull();
        assertThatThrownBy(() -> connect(server).request(Packet.request("3")).block(LIMIT))
                .isInstanceOfAny(ConnectFailedException.class, ConnectionLostException.class);
        until("it is counted", () -> server.stats().refused() >= 1);
        one.close().block(LIMIT);
        until("there is room again", () -> server.sessionCount() == 1);
        assertThat(connect(server).request(Packet.request("4")).block(LIMIT)).isNotNull();
        stop(server);
    }

    @Test
    default void sessionsAreFoundById() {
        ConcurrentLinkedQueue<Session> opened = new ConcurrentLinkedQueue<>();
        BoundServer server = serve(session -> {
            opened.add(session);
            return echo(session);
        });
        Session client = connect(server);
        assertThat(client.request(Packet.request("?")).block(LIMIT)).isNotNull();
        Session session = opened.peek();
        assertThat(session).isNotNull();
        assertThat(server.session(session.id())).isSameAs(session);
        assertThat(server.sessions()).containsExactly(session);
        client.dispose();
        until("it is gone", () -> server.session(session.id()) == null && server.sessionCount() == 0);
        stop(server);
    }

    @Test
    default void manySessionsWorkAtOnce() {
        BoundServer server = serve(TransportContract::echo);
        int sessions = manySessions();
        TransportClient client = client(server).endpoint(options -> options.connectTimeout(LIMIT));
        List<Session> open = Flux.range(0, sessions)
                .flatMap(i -> client.connect(), 64)
                .collectList()
                .block(LIMIT.multipliedBy(2));
        assertThat(open).hasSize(sessions);
        Long answers = Flux.fromIterable(open)
                .flatMap(
                        session -> Flux.range(0, 10).concatMap(i -> session.request(Packet.request("?"), LIMIT)),
                        sessions)
                .count()
                .block(LIMIT);
        assertThat(answers).isEqualTo(10L * sessions);
        assertThat(server.sessionCount()).isEqualTo(sessions);
        open.forEach(Session::dispose);
        until("all are gone", () -> server.sessionCount() == 0);
        stop(server);
    }

    // ---- limits ----

    @Test
    default void aPacketAboveTheLimitIsRefusedAtTheSender() {
        BoundServer server = serve(TransportContract::echo);
        Session session = connect(server, options -> options.maxPayload(100));
        Packet large = Packet.oneWay(new byte[101]);
        assertThatThrownBy(() -> session.offer(large))
                .isInstanceOf(LimitException.class)
                .hasMessageContaining("101")
                .hasMessageContaining("100")
                .hasMessageContaining("maxPayload");
        StepVerifier.create(session.send(large))
                .expectError(LimitException.class)
                .verify(LIMIT);
        assertThat(session.request(Packet.request(new byte[100])).block(LIMIT)).isNotNull();
        stop(server);
    }

    @Test
    default void aPacketAboveTheLimitOfTheReceiverClosesItsSessionOnly() {
        BoundServer server = serve(options -> options.maxPayload(100), TransportContract::echo);
        Session bad = connect(server);
        Session good = connect(server);
        bad.send(Packet.oneWay(new byte[101])).subscribe(nothing -> {}, error -> {});
        assertThat(bad.onClose().block(LIMIT)).isNotNull();
        until("it is counted", () -> server.stats().protocolErrors() == 1);
        assertThat(good.request(Packet.request(new byte[100])).block(LIMIT)).isNotNull();
        stop(server);
    }

    @Test
    default void aSilentPeerIsClosedAfterTheIdleTimeout() {
        BoundServer server = serve(
                options -> options.idleTimeout(Duration.ofMillis(200)),
                session -> session.receive().then());
        Sinks.One<CloseReason> reason = Sinks.one();
        Session session = connect(server);
        until("it is open", () -> server.sessionCount() == 1);
        server.sessions().forEach(open -> open.onClose().subscribe(reason::tryEmitValue));
        assertThat(session.onClose().block(LIMIT)).isNotNull();
        assertThat(reason.asMono().block(LIMIT)).matches(r -> r.kind() == CloseReason.Kind.IDLE);
        stop(server);
    }

    // ---- whatever is given up ----

    /** Calls that are given up after a random time, a connect among them, leave no session and no request behind. */
    @Test
    default void whatIsCancelledAnywhereLeavesNothing(@Seed long seed) {
        Groups groups = Groups.create();
        BoundServer server = serve(session -> {
            groups.group("all").join(session);
            return echo(session);
        });
        Session other = connect(server);
        other.receive().subscribe(packet -> {}, error -> {});
        Random random = new Random(seed);
        List<Function<Session, Publisher<?>>> calls = List.of(
                session -> session.request(Packet.request(new byte[2000])),
                session -> session.send(Flux.range(0, 1000).map(i -> Packet.oneWay(new byte[i]))),
                session -> session.receive().take(3),
                session -> groups.group("all").broadcast(Packet.oneWay(new byte[500])),
                session -> client(server).connect().flatMap(Session::close),
                Session::close);
        for (int i = 0; i < CANCELLED; i++) {
            Session session = connect(server);
            List<Disposable> running = new ArrayList<>();
            for (int call = 0; call < 3; call++) {
                running.add(Flux.from(calls.get(random.nextInt(calls.size())).apply(session))
                        .subscribe(item -> {}, error -> {}));
            }
            Mono.delay(Duration.ofNanos(1000L * random.nextInt(500))).block();
            running.forEach(Disposable::dispose);
            session.dispose();
        }
        // Where the word of an end can be lost, it is noticed by the transport's own time-out.
        until("only one is left", () -> server.sessionCount() == 1, LIMIT.multipliedBy(2));
        assertThat(other.request(Packet.request("?")).block(LIMIT)).isNotNull();
        assertThat(other.stats().pendingRequests()).isZero();
        other.dispose();
        stop(server);
    }
}
