package io.msgtrans.reactive.upgrade;

import io.msgtrans.reactive.balance.Balancer;
import io.msgtrans.reactive.balance.EndpointStats;
import io.msgtrans.reactive.upgrade.UpgradeEvent.Kind;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Moves a balancer's traffic from one group of endpoints to another.
 *
 * <pre>
 *   5 % --watch--> 20 % --watch--> 50 % --watch--> 80 % --watch--> 100 % --watch--> drain the old version
 *     \_______________\_______________\_______________\________________\__ worse? all to the old version
 * </pre>
 *
 * <p>After each step, when it has settled, the calls of both versions since then are compared: the part that failed, and the mean time. At 100 % the
 * old version's figures of the step before count. A new version without an available endpoint is worse at once.
 */
public final class Upgrade {

    private final Balancer balancer;
    private final String oldGroup;
    private final String newGroup;
    private final UpgradeOptions options;

    private Upgrade(Balancer balancer, String oldGroup, String newGroup, UpgradeOptions options) {
        this.balancer = balancer;
        this.oldGroup = oldGroup;
        this.newGroup = newGroup;
        this.options = options;
    }

    /**
     * An upgrade.
     *
     * @param balancer which knows the endpoints of both versions
     * @param oldGroup the group of the old version's endpoints
     * @param newGroup the group of the new version's
     */
    public static Upgrade of(Balancer balancer, String oldGroup, String newGroup, UpgradeOptions options) {
        return new Upgrade(balancer, oldGroup, newGroup, options);
    }

    /**
     * Does it for each subscriber. Completes behind {@code DONE} or {@code ROLLED_BACK}; fails only when the old version cannot be
     * drained. Cancel gives all traffic back to the old version, unless that is draining already. Signalled on {@code
     * Schedulers.parallel()}.
     */
    public Flux<UpgradeEvent> run() {
        return Flux.defer(() -> {
            Run run = new Run();
            return Flux.fromIterable(options.steps())
                    .concatMap(run::step, 1)
                    .takeUntil(event -> event.kind() == Kind.ROLLED_BACK)
                    .concatWith(Flux.defer(run::finish))
                    .doOnCancel(run::backToOld);
        });
    }

    /** What happened to a version's calls between two looks. */
    private record Figures(long calls, long errors, Duration busy, boolean available) {

        Figures since(Figures before) {
            return new Figures(calls - before.calls, errors - before.errors, busy.minus(before.busy), available);
        }

        double errorRate() {
            return calls == 0 ? 0 : (double) errors / calls;
        }

        double meanMillis() {
            return calls == 0 ? 0 : busy.toNanos() / 1e6 / calls;
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT, "%d calls, %.2f %% errors, %.2f ms", calls, 100 * errorRate(), meanMillis());
        }
    }

    private Figures figures(String group) {
        long calls = 0;
        long errors = 0;
        Duration busy = Duration.ZERO;
        boolean available = false;
        for (EndpointStats endpoint : balancer.endpoints()) {
            if (endpoint.endpoint().group().equals(group)) {
                calls += endpoint.calls() - endpoint.outstanding();
                errors += endpoint.failures() + endpoint.errorAnswers();
                busy = busy.plus(endpoint.busy());
                available |= endpoint.available();
            }
        }
        return new Figures(calls, errors, busy, available);
    }

    /** One subscriber's upgrade; signals follow one another. */
    private final class Run {
        private Figures oldBefore = figures(oldGroup);
        private Figures newBefore = figures(newGroup);
        /** Of the last step in which the old version had calls. */
        private Figures measure = new Figures(0, 0, Duration.ZERO, true);

        private boolean rolledBack;
        private boolean drained;

        Flux<UpgradeEvent> step(int percent) {
            return Flux.defer(() -> {
                split(percent);
                Mono<UpgradeEvent> verdict = Mono.delay(options.settle(), Schedulers.parallel())
                        .doOnNext(settled -> beginToWatch())
                        .thenMany(Flux.interval(options.watch(), Schedulers.parallel()))
                        .onBackpressureDrop()
                        .mapNotNull(tick -> verdict(percent))
                        .next()
                        .timeout(
                                options.settle().plus(options.stepTimeout()).plus(options.watch()),
                                Mono.fromSupplier(() -> rollBack(
                                        percent, "fewer than " + options.minCalls() + " calls (option stepTimeout)")));
                return Flux.concat(Mono.just(new UpgradeEvent(Kind.STEP, percent, "")), verdict);
            });
        }

        private void beginToWatch() {
            oldBefore = figures(oldGroup);
            newBefore = figures(newGroup);
        }

        private void split(int percent) {
            balancer.split(Map.of(oldGroup, 100.0 - percent, newGroup, (double) percent));
        }

        private @Nullable UpgradeEvent verdict(int percent) {
            Figures fresh = figures(newGroup).since(newBefore);
            Figures old = figures(oldGroup).since(oldBefore);
            if (old.calls() > 0 && percent < 100) {
                measure = old;
            }
            String compared = "new: " + fresh + "; old: " + measure;
            if (!fresh.available()) {
                return rollBack(percent, "no endpoint of the new version is available; " + compared);
            }
            if (fresh.calls() < options.minCalls()) {
                return null; // looked at again after another time
            }
            if (fresh.errorRate() > measure.errorRate() + options.moreErrors()) {
                return rollBack(percent, "more errors (option moreErrors); " + compared);
            }
            if (measure.calls() > 0
                    && fresh.meanMillis()
                            > measure.meanMillis() * options.latencyFactor()
                                    + options.latencySlack().toMillis()) {
                return rollBack(percent, "slower (option slower); " + compared);
            }
            return new UpgradeEvent(Kind.PASSED, percent, compared);
        }

        private UpgradeEvent rollBack(int percent, String why) {
            rolledBack = true;
            backToOld();
            return new UpgradeEvent(Kind.ROLLED_BACK, 0, "at " + percent + " %: " + why);
        }

        void backToOld() {
            if (!drained) {
                split(0);
            }
        }

        Flux<UpgradeEvent> finish() {
            if (rolledBack) {
                return Flux.empty();
            }
            drained = true;
            return Flux.concat(
                    Mono.just(new UpgradeEvent(Kind.DRAINING_OLD, 100, "")),
                    Mono.defer(options.drainOld()).thenReturn(new UpgradeEvent(Kind.DONE, 100, "")));
        }
    }
}
