package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BindFailedException;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.balance.Balancer;
import io.msgtrans.reactive.balance.BalancerOptions;
import io.msgtrans.reactive.balance.Endpoint;
import io.msgtrans.reactive.balance.Endpoints;
import io.msgtrans.reactive.upgrade.Upgrade;
import io.msgtrans.reactive.upgrade.UpgradeEvent;
import io.msgtrans.reactive.upgrade.UpgradeEvent.Kind;
import io.msgtrans.reactive.upgrade.UpgradeOptions;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Traffic that moves from one version of a server to another, under load. */
@ExtendWith(LeakCheck.class)
class UpgradeTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final UpgradeOptions OPTIONS = UpgradeOptions.DEFAULTS
            .settle(Duration.ofMillis(20))
            .watch(Duration.ofMillis(100), 5)
            .stepTimeout(LIMIT)
            .slower(3, Duration.ofMillis(50));

    private final AtomicInteger answered = new AtomicInteger();
    private Queue<Throwable> failed = new ConcurrentLinkedQueue<>();
    private BoundServer oldVersion;
    private BoundServer newVersion;
    private Balancer balancer;
    private Disposable load;

    private static BoundServer serve(Function<Session, Publisher<Void>> handler) {
        return TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .handle(handler)
                .bindNow();
    }

    private static Publisher<Void> answer(Session session) {
        return session.receive()
                .flatMap(request -> session.reply(request, "ok"), 4096)
                .then();
    }

    @BeforeEach
    void start() {
        oldVersion = serve(UpgradeTest::answer);
    }

    private void startNew(Function<Session, Publisher<Void>> handler) {
        newVersion = serve(handler);
        balancer = Balancer.of(
                Endpoints.of(
                        Endpoint.of(oldVersion.uri().toString()).group("v1"),
                        Endpoint.of(newVersion.uri().toString()).group("v2")),
                BalancerOptions.DEFAULTS.client(client -> client.endpoint(o -> o.extensions(Extensions.ON))));
        load = load();
    }

    /** Requests from now on; {@link #failed} is of these alone, and not of others that are still under way. */
    private Disposable load() {
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        failed = failures;
        return Flux.interval(Duration.ofMillis(1))
                .onBackpressureDrop()
                .flatMap(tick -> balancer.request(Packet.request("?"))
                        .doOnNext(ok -> answered.incrementAndGet())
                        .onErrorResume(error -> {
                            failures.add(error);
                            return Mono.empty();
                        }))
                .subscribe();
    }

    @AfterEach
    void end() {
        load.dispose();
        balancer.dispose();
        TransportContract.stop(oldVersion);
        TransportContract.stop(newVersion);
    }

    private List<UpgradeEvent> upgrade(UpgradeOptions options) {
        return Objects.requireNonNull(
                Upgrade.of(balancer, "v1", "v2", options).run().collectList().block(LIMIT));
    }

    @Test
    void aHealthyVersionTakesOverStepByStepAndNoRequestFails() {
        startNew(UpgradeTest::answer);
        List<UpgradeEvent> events = upgrade(OPTIONS.drainOld(() -> oldVersion.drain(LIMIT)));
        assertThat(events.stream().filter(event -> event.kind() == Kind.STEP).map(UpgradeEvent::percent))
                .containsExactly(5, 20, 50, 80, 100);
        assertThat(events.stream().map(UpgradeEvent::kind)).endsWith(Kind.DRAINING_OLD, Kind.DONE);
        assertThat(events.get(1).detail()).contains("new: ").contains("0.00 % errors");
        int before = answered.get();
        TransportContract.until("the load goes on", () -> answered.get() > before + 100);
        assertThat(failed).isEmpty();
        assertThat(oldVersion.sessionCount()).isZero();
    }

    @Test
    void aVersionThatAnswersWithErrorsIsRolledBack() {
        startNew(session -> session.receive()
                .flatMap(request -> session.replyError(request, 500, "broken"))
                .then());
        List<UpgradeEvent> events = upgrade(OPTIONS);
        assertThat(events.stream().map(UpgradeEvent::kind)).containsExactly(Kind.STEP, Kind.ROLLED_BACK);
        assertThat(events.get(1).detail())
                .startsWith("at 5 %: more errors (option moreErrors); new: ")
                .contains("100.00 % errors");
        load.dispose();
        load = load();
        int before = answered.get();
        TransportContract.until("the old version does all", () -> answered.get() > before + 100);
        assertThat(failed).isEmpty();
    }

    @Test
    void aVersionThatIsSlowerIsRolledBack() {
        startNew(session -> session.receive()
                .flatMap(request -> Mono.delay(Duration.ofMillis(200)).then(session.reply(request, "ok")), 4096)
                .then());
        List<UpgradeEvent> events = upgrade(OPTIONS);
        assertThat(events.get(events.size() - 1).detail()).startsWith("at 5 %: slower (option slower)");
        assertThat(failed).isEmpty();
    }

    @Test
    void aVersionThatDiesIsRolledBack() {
        AtomicInteger requests = new AtomicInteger();
        startNew(session -> session.receive()
                .flatMap(request -> {
                    if (requests.incrementAndGet() == 30) {
                        newVersion.dispose();
                    }
                    return session.reply(request, "ok").onErrorComplete();
                })
                .then());
        List<UpgradeEvent> events = upgrade(OPTIONS.watch(Duration.ofMillis(500), 10));
        assertThat(events.get(events.size() - 1).kind()).isEqualTo(Kind.ROLLED_BACK);
    }

    @Test
    void withoutTrafficNothingIsKnownAndItIsRolledBack() {
        startNew(UpgradeTest::answer);
        load.dispose();
        List<UpgradeEvent> events = upgrade(OPTIONS.stepTimeout(Duration.ofMillis(300)));
        assertThat(events.get(events.size() - 1).detail()).isEqualTo("at 5 %: fewer than 5 calls (option stepTimeout)");
    }

    @Test
    void twoServersShareAPortWhenBothWantTo() {
        startNew(UpgradeTest::answer);
        TransportServer sharing = TransportServer.create().handle(UpgradeTest::answer);
        BoundServer one =
                sharing.listen("tcp://127.0.0.1:0", o -> o.sharePort(true)).bindNow();
        BoundServer other =
                sharing.listen(one.uri().toString(), o -> o.sharePort(true)).bindNow();
        assertThat(other.uri()).isEqualTo(one.uri());
        assertThatThrownBy(() -> sharing.listen(one.uri().toString()).bindNow())
                .isInstanceOf(BindFailedException.class);
        assertThatThrownBy(() ->
                        sharing.listen("mem://shared", o -> o.sharePort(true)).bindNow())
                .hasMessageContaining("option sharePort has no effect on mem");
        TransportContract.stop(one);
        TransportContract.stop(other);
        assertThatThrownBy(() -> OPTIONS.steps(5, 20)).hasMessage("steps [5, 20] do not end with 100");
        assertThatThrownBy(() -> OPTIONS.steps(20, 5, 100)).hasMessage("steps [20, 5, 100] do not rise within 1..100");
    }
}
