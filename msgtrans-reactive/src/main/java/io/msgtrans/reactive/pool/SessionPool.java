package io.msgtrans.reactive.pool;

import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportException;
import io.msgtrans.reactive.health.HeartbeatOptions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.pool.InstrumentedPool;
import reactor.pool.PoolAcquireTimeoutException;
import reactor.pool.PoolBuilder;
import reactor.pool.PoolShutdownException;
import reactor.pool.PooledRef;
import reactor.pool.PooledRefMetadata;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * Sessions of one address, kept ready.
 *
 * <p>A session carries many calls at one time, so most callers {@link #share} one: the least loaded, of as many as the load
 * asks for. Who needs one for itself (a login, an ordered conversation) {@link #acquire}s it.
 *
 * <p>Sessions that have ended, that are critical by their heartbeats, or whose server drains, are replaced; late ones
 * (degraded) get a quarter of the load. Heartbeats are {@link HeartbeatOptions#DEFAULTS} unless the client says otherwise.
 *
 * <p><b>Threads.</b> Callers are signalled on the session's event loop, or on the thread that gave a session back. Maintenance
 * runs on {@code Schedulers.parallel()}.
 */
public final class SessionPool implements Disposable {

    private static final Logger log = Loggers.getLogger(SessionPool.class);

    private static final Duration SERVING_TIME = Duration.ofMillis(10);

    private volatile PoolOptions options;
    private final SteppedGrowth growth;
    private final InstrumentedPool<Session> pool;
    private final List<SharedSession> shared = new CopyOnWriteArrayList<>();

    private final AtomicInteger waiting = new AtomicInteger();
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder evicted = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final AtomicBoolean disposed = new AtomicBoolean();
    private final Sinks.Empty<Void> ready = Sinks.empty();
    private final Sinks.Empty<Void> ended = Sinks.empty();
    /** The shared session that is being opened, if there is one. Guarded by this. */
    private @Nullable Mono<SharedSession> coming;

    private SessionPool(TransportClient client, PoolOptions options) {
        this.options = options;
        this.growth = new SteppedGrowth(options, this::inUse);
        TransportClient watched = client.session(o -> o.heartbeatByDefault(HeartbeatOptions.DEFAULTS));
        this.pool = PoolBuilder.from(watched.connect()
                        .doOnCancel(() -> growth.returnPermits(1)) // the pool ends, and does not do it itself
                        .doOnNext(this::opened)
                        .doAfterTerminate(this::serveWaiting))
                .allocationStrategy(growth)
                .idleResourceReuseMruOrder() // so that what is not needed gets old
                .maxPendingAcquireUnbounded() // the bound is ours: its own would make serveWaiting() drop a caller
                .evictionPredicate(this::isUnwanted)
                .evictInBackground(options.maintenance(), Schedulers.parallel())
                .destroyHandler(Session::close)
                .buildPool();
    }

    /** A pool of a client's sessions; opens the first ones as {@link PoolOptions#start} says. */
    public static SessionPool of(TransportClient client, PoolOptions options) {
        SessionPool pool = new SessionPool(client, options);
        pool.begin();
        return pool;
    }

    /** Reactor-pool's warm-up does not look whether the pool has been disposed. */
    private void opened(Session session) {
        if (disposed.get()) {
            session.dispose();
        }
    }

    /**
     * Reactor-pool's warm-up adds a session, or gives its place back, without looking for those who wait. An acquisition makes it
     * serve all of them, in their order.
     */
    private void serveWaiting() {
        if (pool.metrics().pendingAcquireSize() > 0) {
            pool.acquire(SERVING_TIME)
                    .flatMap(PooledRef::release)
                    .subscribe(nothing -> {}, error -> log.trace("those who waited took all", error));
        }
    }

    private void begin() {
        Flux.interval(options.maintenance(), Schedulers.parallel())
                .onBackpressureDrop()
                .takeUntilOther(ended.asMono())
                .subscribe(tick -> maintain());
        if (options.start() == PoolOptions.Start.LAZY) {
            ready.tryEmitEmpty();
            return;
        }
        fill().doFinally(signal -> ready.tryEmitEmpty())
                .subscribe(
                        opened -> {},
                        error -> log.warn("cannot open the first sessions of the pool yet: {}", error.getMessage()));
        if (options.start() == PoolOptions.Start.BACKGROUND) {
            ready.tryEmitEmpty();
        }
    }

    // ---- sessions for one caller ----

    /**
     * A session for each subscriber, to be given back. Fails with {@link LimitException} when {@link PoolOptions#maxWaiting}
     * others wait, with {@link RequestTimeoutException} after {@link PoolOptions#acquireTimeout}, or as {@link
     * TransportClient#connect()} does.
     */
    public Mono<PooledSession> acquire() {
        return ready.asMono().then(Mono.defer(() -> {
            (pool.metrics().idleSize() > 0 ? hits : misses).increment();
            return acquireRef().map(PooledSession::new);
        }));
    }

    /** Uses a session for each subscriber and gives it back at the end, whatever that is. */
    public <T> Flux<T> use(Function<? super Session, ? extends Publisher<T>> work) {
        return Flux.usingWhen(acquire(), pooled -> work.apply(pooled.session()), PooledSession::release);
    }

    private Mono<PooledRef<Session>> acquireRef() {
        return ready.asMono()
                .then(Mono.defer(() -> {
                    growFor(inUse());
                    if (waiting.getAndIncrement() >= options.maxWaiting()
                            && pool.metrics().idleSize() == 0) {
                        waiting.getAndDecrement();
                        return Mono.error(tooManyWait());
                    }
                    // Before the caller goes on, so that its next call finds the place free.
                    AtomicBoolean waits = new AtomicBoolean(true);
                    Runnable served = () -> waiting.addAndGet(waits.getAndSet(false) ? -1 : 0);
                    return pool.acquire(options.acquireTimeout())
                            // Once more, as those whom another thread was serving were not counted above.
                            .doOnNext(ref -> growFor(inUse() - 1))
                            .doOnTerminate(served)
                            .doOnCancel(served);
                }))
                .timeout(options.acquireTimeout())
                .onErrorMap(error -> !(error instanceof TransportException), this::refused)
                .doOnError(error -> failed.increment());
    }

    /** Grows if one more than these users would be above the threshold. */
    private void growFor(int users) {
        if (growth.grow(users) && options.start() != PoolOptions.Start.LAZY) {
            fillUp();
        }
    }

    private LimitException tooManyWait() {
        return new LimitException(
                "callers that wait for a session", "maxWaiting", options.maxWaiting(), options.maxWaiting() + 1L);
    }

    private Throwable refused(Throwable error) {
        if (error instanceof PoolAcquireTimeoutException || error instanceof TimeoutException) {
            PoolStats now = stats();
            return new RequestTimeoutException(
                    "no session was free within " + options.acquireTimeout() + " (option acquireTimeout): " + now.open()
                            + " of " + options.maxSessions() + " open (option size), " + now.exclusive()
                            + " in exclusive use, " + now.waiting() + " callers wait",
                    options.acquireTimeout());
        }
        return error instanceof PoolShutdownException
                ? new IllegalStateException("the pool is disposed", error)
                : error;
    }

    private void fillUp() {
        fill().subscribe(opened -> {}, error -> log.debug("cannot open another session of the pool", error));
    }

    /**
     * Opens what is missing to the target; the first error at the end. Each by a warm-up of its own: of one warm-up for many,
     * reactor-pool would lose the places of those that it had not begun when the first failed.
     */
    private Mono<Void> fill() {
        return Flux.defer(() -> Flux.range(0, growth.missing()))
                .flatMapDelayError(i -> pool.warmup(), growth.warmupParallelism(), 1)
                .takeUntilOther(ended.asMono())
                .then();
    }

    // ---- sessions for all ----

    /** Uses the least loaded shared session for each subscriber, which counts as one call until the end. Fails as {@link #acquire}. */
    public <T> Flux<T> share(Function<? super Session, ? extends Publisher<T>> work) {
        return Flux.usingWhen(
                entered(), call -> work.apply(call.session()), call -> Mono.fromRunnable(() -> left(call)));
    }

    /** {@link Session#request(Packet)} on a shared session. */
    public Mono<Packet> request(Packet packet) {
        return share(session -> session.request(packet)).single();
    }

    private Mono<SharedSession> entered() {
        return Mono.defer(() -> {
            SharedSession best = leastLoaded();
            if (best != null && best.enter()) {
                hits.increment();
                if (best.calls() > options.sharedLoad()) {
                    addShared();
                }
                return Mono.just(best);
            }
            misses.increment();
            return nextShared().flatMap(opened -> opened.enter() ? Mono.just(opened) : entered());
        });
    }

    private @Nullable SharedSession leastLoaded() {
        SharedSession best = null;
        for (SharedSession candidate : shared) {
            if (candidate.isFit() && (best == null || candidate.weightedCalls() < best.weightedCalls())) {
                best = candidate;
            }
        }
        return best;
    }

    /** Another shared session, for callers that do not wait for it. */
    private void addShared() {
        if (inUse() < options.maxSessions()) {
            nextShared()
                    .takeUntilOther(ended.asMono())
                    .subscribe(opened -> {}, error -> log.debug("cannot open another shared session", error));
        }
    }

    /** The next shared session, the same for all who want one more. */
    private synchronized Mono<SharedSession> nextShared() {
        Mono<SharedSession> next = coming;
        if (next == null) {
            next = openShared().doFinally(signal -> cameShared()).cache();
            coming = next;
        }
        return next;
    }

    private synchronized void cameShared() {
        coming = null;
    }

    private Mono<SharedSession> openShared() {
        return acquireRef().map(ref -> {
            SharedSession opened = new SharedSession(ref);
            shared.add(opened);
            opened.session().onClose().subscribe(reason -> retire(opened));
            if (disposed.get()) {
                retire(opened);
            }
            return opened;
        });
    }

    private void left(SharedSession call) {
        if (call.exit()) {
            giveBack(call);
        }
    }

    /** It gets no more calls, and is given back when the last one ends. */
    private void retire(SharedSession session) {
        if (shared.remove(session) && session.close()) {
            giveBack(session);
        }
    }

    private void giveBack(SharedSession session) {
        session.ref.release().subscribe(nothing -> {}, error -> log.debug("a session could not be given back", error));
    }

    /** The shared sessions at the moment. */
    public List<Session> sharedSessions() {
        return shared.stream().map(SharedSession::session).toList();
    }

    // ---- maintenance ----

    /** Asked by the pool about sessions that are idle, or about to be handed out. */
    private boolean isUnwanted(Session session, PooledRefMetadata use) {
        boolean unneeded = growth.isAboveTarget()
                || (growth.isAboveMinimum()
                        && use.idleTime() > options.idleTimeout().toMillis());
        if (unneeded || !SharedSession.isFit(session)) {
            evicted.increment();
            return true;
        }
        return false;
    }

    private void maintain() {
        for (SharedSession session : shared) {
            if (!session.isFit()) {
                retire(session);
            }
        }
        int calls = sharedCalls();
        if (shared.size() > 1 && calls < options.shrinkBelow() * options.sharedLoad() * (shared.size() - 1)) {
            shared.stream().filter(session -> session.calls() == 0).findFirst().ifPresent(this::retire);
        }
        growth.shrink(inUse());
        if (options.start() != PoolOptions.Start.LAZY) {
            fillUp();
        }
    }

    private int inUse() {
        return pool.metrics().acquiredSize();
    }

    private int sharedCalls() {
        return shared.stream().mapToInt(SharedSession::calls).sum();
    }

    /** What the pool did so far, and how it stands; an estimate while it is used. */
    public PoolStats stats() {
        InstrumentedPool.PoolMetrics now = pool.metrics();
        return new PoolStats(
                now.allocatedSize(),
                now.idleSize(),
                Math.max(0, now.acquiredSize() - shared.size()),
                shared.size(),
                sharedCalls(),
                waiting.get(),
                hits.sum(),
                misses.sum(),
                growth.grown(),
                growth.shrunk(),
                evicted.sum(),
                failed.sum());
    }

    /**
     * Changes how many sessions there may be, as {@link PoolOptions#size}; those above it are closed when they are idle. Any thread
     * may call.
     */
    public void resize(int min, int max) {
        PoolOptions changed = options.size(min, max);
        options = changed;
        int waitingNow = waiting.get();
        growth.resize(changed, inUse() + waitingNow);
        if (!disposed.get() && (waitingNow > 0 || changed.start() != PoolOptions.Start.LAZY)) {
            fillUp();
        }
    }

    /** The options as they are now. */
    public PoolOptions options() {
        return options;
    }

    // ---- the end ----

    /** Hands out no more sessions and closes them, each when its calls have ended, or when it is given back. */
    @Override
    public void dispose() {
        close(Duration.ofSeconds(30))
                .subscribe(nothing -> {}, error -> log.warn("the pool was not closed in order", error));
    }

    /** {@link #dispose()}, completing when all sessions are closed; those with calls in flight are cut at the deadline. */
    public Mono<Void> close(Duration deadline) {
        return Mono.defer(() -> {
            if (!disposed.compareAndSet(false, true)) {
                return Mono.empty();
            }
            ended.tryEmitEmpty();
            ready.tryEmitEmpty();
            List<SharedSession> all = List.copyOf(shared);
            all.forEach(this::retire);
            Mono<Void> ended = Flux.fromIterable(all)
                    .flatMap(session -> session.session().onClose(), Integer.MAX_VALUE)
                    .then();
            return pool.disposeLater()
                    .then(ended)
                    .timeout(
                            deadline,
                            Mono.fromRunnable(() ->
                                    all.forEach(session -> session.session().dispose())));
        });
    }

    @Override
    public boolean isDisposed() {
        return disposed.get();
    }
}
