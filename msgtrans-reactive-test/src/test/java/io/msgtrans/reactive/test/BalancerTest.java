package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.msgtrans.reactive.AttemptsFailedException;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.ErrorPolicy;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportException;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.balance.Balancer;
import io.msgtrans.reactive.balance.BalancerEvent;
import io.msgtrans.reactive.balance.BalancerEvent.Kind;
import io.msgtrans.reactive.balance.BalancerOptions;
import io.msgtrans.reactive.balance.Balancing;
import io.msgtrans.reactive.balance.CircuitBreakers;
import io.msgtrans.reactive.balance.Endpoint;
import io.msgtrans.reactive.balance.Endpoints;
import io.msgtrans.reactive.health.HeartbeatOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Calls over real servers that come and go. */
@ExtendWith(LeakCheck.class)
class BalancerTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Packet ASK = Packet.request("?");
    private static final BalancerOptions OPTIONS = BalancerOptions.DEFAULTS
            .client(client -> client.endpoint(o -> o.extensions(Extensions.ON))
                    .session(o -> o.heartbeat(HeartbeatOptions.OFF.interval(Duration.ofMillis(100)))))
            .ejection(Duration.ofMillis(100), Duration.ofMillis(400))
            .slowStart(Duration.ofMillis(100));

    private final List<BoundServer> servers = new ArrayList<>();
    private final Queue<BalancerEvent> events = new ConcurrentLinkedQueue<>();
    private Balancer balancer = Balancer.of(Flux.never(), OPTIONS);

    /** A server that answers with its name. */
    private BoundServer serve(String name, int port) {
        return serve(port, named(name));
    }

    private static Function<Session, Publisher<Void>> named(String name) {
        return session -> session.receive()
                .flatMap(request -> session.reply(request, name), 4096)
                .then();
    }

    private BoundServer serve(int port, Function<Session, Publisher<Void>> handler) {
        return serve("tcp://127.0.0.1:" + port, handler);
    }

    private BoundServer serve(String uri, Function<Session, Publisher<Void>> handler) {
        BoundServer server =
                TransportServer.create().listen(uri).handle(handler).bindNow();
        servers.add(server);
        return server;
    }

    private Balancer balance(BalancerOptions options, BoundServer... servers) {
        return balance(
                options,
                Endpoints.of(List.of(servers).stream()
                        .map(server -> Endpoint.of(server.uri().toString()))
                        .toArray(Endpoint[]::new)));
    }

    private Balancer balance(BalancerOptions options, Flux<List<Endpoint>> endpoints) {
        balancer.dispose();
        balancer = Balancer.of(endpoints, options);
        balancer.events().subscribe(events::add);
        return balancer;
    }

    @AfterEach
    void end() {
        balancer.dispose();
        servers.stream().filter(server -> !server.isDisposed()).forEach(TransportContract::stop);
    }

    /** Who answered how many of so many calls. */
    private Map<String, Long> ask(int calls) {
        return Objects.requireNonNull(Flux.range(0, calls)
                .flatMap(i -> balancer.requestIdempotent(Packet.request("key-" + i)), 16)
                .map(Packet::payloadText)
                .collect(Collectors.groupingBy(name -> name, Collectors.counting()))
                .block(LIMIT));
    }

    private void askUntil(Predicate<String> condition) {
        balancer.requestIdempotent(ASK)
                .map(Packet::payloadText)
                .repeat()
                .takeUntil(condition)
                .blockLast(LIMIT);
    }

    private boolean happened(Kind kind) {
        return events.stream().anyMatch(event -> event.kind() == kind);
    }

    @Test
    void callsAreSpreadOverTheEndpointsOfAllTransports() {
        balance(
                OPTIONS.balancing(Balancing.roundRobin()),
                serve("a", 0),
                serve("ws://127.0.0.1:0", named("b")),
                serve("mem://balanced", named("c")));
        assertThat(ask(300))
                .containsOnlyKeys("a", "b", "c")
                .allSatisfy((name, calls) -> assertThat(calls).isBetween(90L, 110L));
        assertThat(balancer.endpoints()).allSatisfy(stats -> {
            assertThat(stats.available()).isTrue();
            assertThat(stats.calls()).isBetween(90L, 110L);
            assertThat(stats.latency()).isPositive();
        });
    }

    @Test
    void theSameKeyGoesToTheSameEndpointUntilThatGoes() {
        BoundServer a = serve("a", 0);
        balance(OPTIONS.balancing(Balancing.consistentHash(Packet::payloadText)), a, serve("b", 0), serve("c", 0));
        Function<String, String> owner = key -> Objects.requireNonNull(
                        balancer.requestIdempotent(Packet.request(key)).block(LIMIT))
                .payloadText();
        List<String> keys = IntStream.range(0, 60).mapToObj(i -> "key-" + i).toList();
        Map<String, String> before = keys.stream().collect(Collectors.toMap(key -> key, owner));
        assertThat(before.values()).contains("a", "b", "c");
        TransportContract.stop(a);
        Map<String, String> after = keys.stream().collect(Collectors.toMap(key -> key, owner));
        before.forEach((key, name) ->
                assertThat(after.get(key)).matches(now -> name.equals("a") ? !now.equals("a") : now.equals(name)));
    }

    @Test
    void aServerThatIsKilledFailsNoIdempotentCallAndGetsLoadAgainWhenItIsBack() {
        BoundServer a = serve("a", 0);
        balance(OPTIONS.attempts(5).retryBudget(1, 1000), a, serve("b", 0));
        assertThat(ask(200)).containsOnlyKeys("a", "b");
        TransportContract.stop(a);
        assertThat(ask(200)).containsEntry("b", 200L);
        askUntil(answer -> happened(Kind.EJECTED) || happened(Kind.DRAINING));
        serve("a again", a.uri().getPort());
        TransportContract.until("it is back", () -> happened(Kind.READMITTED));
        askUntil("a again"::equals);
    }

    @Test
    void aServerThatDrainsIsLeftBeforeItRefusesAnyone() {
        Sinks.Empty<Void> answer = Sinks.empty();
        BoundServer a = serve(
                0,
                session -> session.receive()
                        .flatMap(request -> answer.asMono().then(session.reply(request, "late")))
                        .then());
        balance(OPTIONS.balancing(Balancing.roundRobin()), a, serve("b", 0));
        Mono<List<String>> first = Flux.range(0, 2)
                .flatMap(i -> balancer.request(ASK))
                .map(Packet::payloadText)
                .collectList()
                .cache();
        first.subscribe();
        TransportContract.until("one is under way", () -> a.stats().traffic().packetsReceived() >= 2);
        a.drain(LIMIT).subscribe();
        TransportContract.until("it is known", () -> happened(Kind.DRAINING));
        assertThat(Flux.range(0, 20)
                        .flatMap(i -> balancer.request(ASK))
                        .map(Packet::payloadText)
                        .distinct()
                        .collectList()
                        .block(LIMIT))
                .containsExactly("b");
        answer.tryEmitEmpty();
        assertThat(first.block(LIMIT)).containsExactlyInAnyOrder("late", "b");
        a.onDispose().block(LIMIT);
    }

    @Test
    void whoDisposesItInAnEventGetsThatEventAndThenTheEnd() {
        Sinks.Many<List<Endpoint>> endpoints = Sinks.many().unicast().onBackpressureBuffer();
        balance(OPTIONS, endpoints.asFlux());
        StepVerifier.create(balancer.events().doOnNext(event -> balancer.dispose()))
                .then(() -> endpoints.tryEmitNext(List.of(Endpoint.of("tcp://127.0.0.1:1"))))
                .assertNext(event -> assertThat(event.kind()).isEqualTo(Kind.ADDED))
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void aCallThatMayHaveRunIsNotMadeAgainUnlessItMayRunTwice() {
        AtomicInteger runs = new AtomicInteger();
        Function<Session, Publisher<Void>> dying = session -> session.receive()
                .doOnNext(request -> {
                    runs.incrementAndGet();
                    session.dispose();
                })
                .then();
        balance(OPTIONS.attempts(3).eject(1000, 1), serve(0, dying), serve(0, dying));
        assertThatThrownBy(() -> balancer.request(ASK).block(LIMIT)).isInstanceOf(ConnectionLostException.class);
        assertThat(runs).hasValue(1);
        assertThatThrownBy(() -> balancer.requestIdempotent(ASK).block(LIMIT))
                .asInstanceOf(type(AttemptsFailedException.class))
                .satisfies(failed -> {
                    assertThat(failed.kind()).isEqualTo(TransportException.Kind.CRITICAL);
                    assertThat(failed.attempts()).hasSize(3);
                    assertThat(failed.attempts().stream()
                                    .map(AttemptsFailedException.Attempt::uri)
                                    .distinct())
                            .as("the second is tried elsewhere")
                            .hasSize(2);
                    assertThat(failed).hasMessageContaining("failed after 3 attempts (option attempts): tcp://");
                });
        assertThat(runs).hasValue(4);
    }

    @Test
    void theBudgetEndsAttemptsAndAnswersOfThePeerAreFinal() {
        balance(
                OPTIONS.retryBudget(0, 0).attempts(10).eject(1000, 1),
                serve(
                        0,
                        session -> session.receive()
                                .doOnNext(request -> session.dispose())
                                .then()));
        assertThatThrownBy(() -> balancer.requestIdempotent(ASK).block(LIMIT))
                .isInstanceOf(ConnectionLostException.class);
        balance(
                OPTIONS,
                serve(
                        0,
                        session -> session.receive()
                                .flatMap(request -> session.replyError(request, 400, "no"))
                                .then()));
        assertThatThrownBy(() -> balancer.requestIdempotent(ASK).block(LIMIT))
                .asInstanceOf(type(PeerException.class))
                .satisfies(no -> assertThat(no.code()).isEqualTo(400));
        assertThat(balancer.endpoints().get(0).failures()).isZero();
    }

    @Test
    void anErrorPolicyOfOnesOwnDecides() {
        AtomicInteger runs = new AtomicInteger();
        balance(
                OPTIONS.errors(error ->
                        error instanceof PeerException ? ErrorPolicy.Reaction.RETRY : ErrorPolicy.DEFAULT.react(error)),
                serve(
                        0,
                        session -> session.receive()
                                .flatMap(request -> runs.incrementAndGet() < 3
                                        ? session.replyError(request, 400, "not yet")
                                        : session.reply(request, "now"))
                                .then()));
        assertThat(Objects.requireNonNull(balancer.requestIdempotent(ASK).block(LIMIT))
                        .payloadText())
                .isEqualTo("now");
    }

    @Test
    void aSlowAnswerIsOvertakenByAHedge() {
        AtomicInteger cancelled = new AtomicInteger();
        BoundServer slow = serve(
                0,
                session -> session.receive()
                        .flatMap(request -> session.cancelled(request).doOnSuccess(done -> cancelled.incrementAndGet()))
                        .then());
        balance(
                OPTIONS.balancing(Balancing.consistentHash(Packet::payloadText)).hedgeAfter(Duration.ofMillis(20)),
                slow,
                serve("fast", 0));
        assertThat(ask(20)).containsEntry("fast", 20L);
        TransportContract.until("the slow one was told", () -> cancelled.get() > 0);
    }

    @Test
    void noAnswerInTimeIsAnErrorThatNamesTheEndpoint() {
        BoundServer silent = serve(0, session -> session.receive().then());
        balance(OPTIONS.timeout(Duration.ofMillis(200)), silent);
        assertThatThrownBy(() -> balancer.request(ASK).block(LIMIT))
                .satisfies(error -> assertThat(error).isInstanceOf(RequestTimeoutException.class));
        balance(OPTIONS.timeout(Duration.ofMillis(200)), Flux.never());
        assertThatThrownBy(() -> balancer.request(ASK).block(LIMIT))
                .isInstanceOf(RequestTimeoutException.class)
                .hasMessage("no answer within PT0.2S (option timeout): there was no endpoint");
    }

    @Test
    void nobodyThereIsAnErrorThatNamesWhatWasTried() {
        BoundServer gone = serve("a", 0);
        TransportContract.stop(gone);
        balance(OPTIONS, gone);
        assertThatThrownBy(() -> balancer.request(ASK).block(LIMIT))
                .asInstanceOf(type(AttemptsFailedException.class))
                .satisfies(failed -> assertThat(failed.getCause()).isInstanceOf(ConnectFailedException.class))
                .satisfies(failed -> assertThat(failed.attempts()).hasSize(3));
    }

    @Test
    void aSplitDividesCallsBetweenGroups() {
        BoundServer old = serve("old", 0);
        BoundServer fresh = serve("new", 0);
        balance(
                OPTIONS,
                Endpoints.of(
                        Endpoint.of(old.uri().toString()).group("v1"),
                        Endpoint.of(fresh.uri().toString()).group("v2")));
        balancer.split(Map.of("v1", 0.9, "v2", 0.1));
        assertThat(ask(1000).get("new")).isBetween(50L, 160L);
        balancer.split(Map.of("v2", 1.0));
        assertThat(ask(100)).containsOnlyKeys("new");
        TransportContract.stop(fresh);
        assertThat(ask(50)).as("a group that is gone leaves its part to others").containsOnlyKeys("old");
        assertThatThrownBy(() -> balancer.split(Map.of("v1", -1.0)))
                .hasMessage("the part -1.0 of group v1 is negative");
    }

    @Test
    void theOwnZoneIsPreferredWhileHalfOfItIsThere() {
        BoundServer near = serve("near", 0);
        BoundServer far = serve("far", 0);
        balance(
                OPTIONS.zone("here"),
                Endpoints.of(
                        Endpoint.of(near.uri().toString()).zone("here"),
                        Endpoint.of(far.uri().toString()).zone("there")));
        assertThat(ask(50)).containsOnlyKeys("near");
        TransportContract.stop(near);
        assertThat(ask(50)).containsOnlyKeys("far");
    }

    @Test
    void endpointsThatAreNamedNoMoreAreLeft() {
        BoundServer a = serve("a", 0);
        BoundServer b = serve("b", 0);
        Sinks.Many<List<Endpoint>> lists = Sinks.many().unicast().onBackpressureBuffer();
        balance(OPTIONS, lists.asFlux());
        lists.tryEmitNext(List.of(Endpoint.of(a.uri().toString())));
        assertThat(ask(10)).containsOnlyKeys("a");
        lists.tryEmitNext(List.of(Endpoint.of(b.uri().toString())));
        assertThat(ask(10)).containsOnlyKeys("b");
        TransportContract.until("its sessions are closed", () -> a.sessionCount() == 0);
        assertThat(balancer.stats().attempts())
                .as("those at the first one count")
                .isEqualTo(20);
        assertThat(balancer.stats().available()).isEqualTo(1);
        assertThat(events.stream().map(BalancerEvent::kind)).containsExactly(Kind.ADDED, Kind.ADDED, Kind.REMOVED);
    }

    @Test
    void aCircuitBreakerThatIsOpenSendsCallsElsewhere() {
        BoundServer silent = serve(0, session -> session.receive().then());
        CircuitBreakerConfig config = CircuitBreakerConfig.custom()
                .slidingWindowSize(2)
                .minimumNumberOfCalls(2)
                .waitDurationInOpenState(LIMIT)
                .build();
        BalancerOptions options = OPTIONS.timeout(Duration.ofMillis(150))
                .balancing(Balancing.roundRobin())
                .eject(1000, 1)
                .guard(CircuitBreakers.perEndpoint(config));
        balance(options, silent);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> balancer.request(ASK).block(LIMIT)).isInstanceOf(TransportException.class);
        }
        assertThatThrownBy(() -> balancer.request(ASK).block(LIMIT))
                .hasMessageContaining("the circuit breaker of " + silent.uri() + " is open");
        balancer.dispose();
        balance(options.attempts(2), silent, serve("b", 0));
        for (int i = 0; i < 4; i++) {
            balancer.request(ASK).onErrorComplete().block(LIMIT); // two of them find the silent one
        }
        assertThat(ask(20)).containsEntry("b", 20L);
    }

    @Test
    void aServerThatIsSilentIsEjected() {
        BoundServer silent = serve(0, session -> session.receive().then());
        balance(
                OPTIONS.balancing(Balancing.roundRobin())
                        .attemptTimeout(Duration.ofMillis(150))
                        .attempts(2)
                        .eject(3, 1)
                        .probe(ASK),
                silent,
                serve("b", 0));
        askUntil(answer -> happened(Kind.EJECTED));
        assertThat(ask(20)).containsEntry("b", 20L);
        TransportContract.until("its probes fail", () -> happened(Kind.PROBE_FAILED));
    }

    @Test
    void aStreamStaysWithItsEndpoint() {
        balance(OPTIONS, serve("a", 0));
        assertThat(balancer.use(ASK, session -> session.request(ASK).mergeWith(session.request(ASK)))
                        .map(Packet::payloadText)
                        .collectList()
                        .block(LIMIT))
                .containsExactly("a", "a");
    }

    @Test
    void addressesComeFromDnsAndFollowItsChanges() {
        BoundServer first = serve("first", 0);
        int port = first.uri().getPort();
        BoundServer second = TransportServer.create()
                .listen("tcp://127.0.0.2:" + port)
                .handle(session -> session.receive()
                        .flatMap(request -> session.reply(request, "second"))
                        .then())
                .bindNow();
        servers.add(second);
        try (DnsServer dns = new DnsServer().answer("127.0.0.1")) {
            balance(
                    OPTIONS,
                    Endpoints.dns("tcp://service.example.test:" + port, Duration.ofMillis(100), dns.address()));
            assertThat(ask(10)).containsOnlyKeys("first");
            dns.answer("127.0.0.1", "127.0.0.2");
            askUntil("second"::equals);
            dns.answer("127.0.0.2");
            TransportContract.until("the first is left", () -> happened(Kind.REMOVED));
            assertThat(ask(10)).containsOnlyKeys("second");
            dns.answer();
            assertThat(ask(10)).as("no answer changes nothing").containsOnlyKeys("second");
        }
    }
}
