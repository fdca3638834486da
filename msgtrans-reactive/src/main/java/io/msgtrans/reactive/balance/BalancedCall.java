package io.msgtrans.reactive.balance;

import io.msgtrans.reactive.AttemptsFailedException;
import io.msgtrans.reactive.AttemptsFailedException.Attempt;
import io.msgtrans.reactive.ErrorPolicy.Reaction;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.Session;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** One call: where it was tried, and how that ended. */
final class BalancedCall {
    private final Balancer balancer;
    private final BalancerOptions options;
    private final Packet packet;
    private final boolean idempotent;
    private final long deadlineNanos;
    // Attempts follow one another, but for a hedge, which runs beside one.
    private final List<Attempt> failed = new ArrayList<>(1);
    private final List<Node> tried = new ArrayList<>(1);

    BalancedCall(Balancer balancer, Packet packet, boolean idempotent) {
        this.balancer = balancer;
        this.options = balancer.options();
        this.deadlineNanos = System.nanoTime() + options.timeout().toNanos();
        this.packet = packet;
        this.idempotent = idempotent;
    }

    synchronized Node next() {
        Node node = balancer.choose(packet, tried);
        tried.add(node);
        return node;
    }

    private Duration left() {
        return Duration.ofNanos(Math.max(1_000_000, deadlineNanos - System.nanoTime()));
    }

    /** What is left, or what one attempt may take. */
    private Duration attemptTime() {
        Duration left = left();
        return left.compareTo(options.attemptTimeout()) < 0 ? left : options.attemptTimeout();
    }

    Mono<Packet> attemptAndHedge() {
        Mono<Packet> attempt = Mono.defer(this::attempt);
        Duration hedgeAfter = options.hedgeAfter();
        if (!idempotent || hedgeAfter == null || balancer.nodes().size() < 2) {
            return attempt;
        }
        Mono<Packet> hedge = Mono.delay(hedgeAfter, Schedulers.parallel())
                .filter(tick -> balancer.budget().withdraw())
                .doOnNext(tick -> balancer.hedged())
                .flatMap(tick -> attempt);
        // Whoever answers first; when the first attempt fails before the hedge begins, its error counts at once.
        return Mono.firstWithSignal(
                attempt, hedge.onErrorResume(error -> Mono.never()).switchIfEmpty(Mono.never()));
    }

    Mono<Packet> attempt() {
        Node node = next();
        Duration time = attemptTime();
        Mono<Packet> one = node.pool
                .share(session -> session.request(packet, time).doOnError(error -> disconnectIfSaid(session, error)))
                .single()
                .timeout(time.plus(Balancer.SLACK)) // for the session; the request has its own, on the event loop
                .onErrorMap(
                        error -> error instanceof TimeoutException || error instanceof RequestTimeoutException,
                        late -> tooLate(node, time));
        return watched(node, options.guard().apply(node.endpoint(), one).flux()).single();
    }

    private RequestTimeoutException tooLate(Node node, Duration time) {
        String option = time.equals(options.attemptTimeout()) ? "attemptTimeout" : "timeout";
        return new RequestTimeoutException(
                "no answer from " + node.endpoint().uri() + " within " + time.toMillis() + " ms (option " + option
                        + ")",
                time);
    }

    private void disconnectIfSaid(Session session, Throwable error) {
        if (options.errors().react(error) == Reaction.DISCONNECT) {
            session.dispose();
        }
    }

    /** Counts how it goes. */
    <T> Flux<T> watched(Node node, Flux<T> work) {
        return Flux.defer(() -> {
            long startNanos = System.nanoTime();
            node.begin();
            return work.doOnError(error -> {
                        long nanos = System.nanoTime() - startNanos;
                        node.failed(error, nanos);
                        remember(new Attempt(node.endpoint().uri(), error, Duration.ofNanos(nanos)));
                    })
                    .doOnComplete(() -> node.succeeded(System.nanoTime() - startNanos))
                    .doOnCancel(() -> node.cancelled(System.nanoTime() - startNanos))
                    .doFinally(signal -> node.end(System.nanoTime() - startNanos));
        });
    }

    private synchronized void remember(Attempt attempt) {
        failed.add(attempt);
    }

    /** Whether and when the next attempt follows; an error when none does. */
    Mono<Long> again(Throwable error) {
        if (options.errors().react(error) == Reaction.CONTINUE) {
            return Mono.error(error);
        }
        if (!idempotent && !NotExecuted.surely(error)) {
            return Mono.error(error);
        }
        int attempts;
        boolean elsewhere;
        synchronized (this) {
            attempts = tried.size();
            elsewhere = !tried.containsAll(balancer.available());
        }
        if (attempts >= options.attempts()) {
            return Mono.error(failure(error, "option attempts"));
        }
        if (!balancer.budget().withdraw()) {
            return Mono.error(failure(error, "the retry budget is used up, option retryBudget"));
        }
        Duration pause = elsewhere ? Duration.ZERO : Backoff.pause(attempts);
        if (pause.compareTo(left()) >= 0) {
            return Mono.error(failure(error, "no time left, option timeout"));
        }
        balancer.retried();
        return Mono.delay(pause, Schedulers.parallel());
    }

    private synchronized Throwable failure(Throwable error, String why) {
        return failed.size() > 1 ? new AttemptsFailedException(why, failed) : error;
    }

    synchronized Throwable outOfTime() {
        return failed.isEmpty()
                ? new RequestTimeoutException(
                        "no answer within " + options.timeout() + " (option timeout)"
                                + (tried.isEmpty() ? ": there was no endpoint" : ""),
                        options.timeout())
                : new AttemptsFailedException("option timeout", failed);
    }
}
