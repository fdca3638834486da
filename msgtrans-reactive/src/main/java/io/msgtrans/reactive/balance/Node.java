package io.msgtrans.reactive.balance;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportException;
import io.msgtrans.reactive.balance.BalancerEvent.Kind;
import io.msgtrans.reactive.health.HealthState;
import io.msgtrans.reactive.health.PeerLoad;
import io.msgtrans.reactive.pool.SessionPool;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import reactor.core.publisher.Mono;

/** An endpoint with its sessions, its figures, and whether it gets calls. */
final class Node implements Candidate {

    private static final double LATE_WEIGHT = 0.25;
    private static final double FIRST_WEIGHT = 0.1;
    /** How much the latest call counts in the error rate, and how many calls there must be. */
    private static final double RATE_STEP = 0.05;

    private static final int RATE_CALLS = 20;

    /** Told when whether the node gets calls may have changed. */
    interface Watcher {
        /** Whether one more may be ejected. */
        boolean mayEject();

        void changed(Kind kind, Node node, String detail);
    }

    private enum State {
        AVAILABLE,
        EJECTED,
        DRAINING
    }

    private final Endpoint endpoint;
    private final BalancerOptions options;
    private final Watcher watcher;
    private final TransportClient client;
    final SessionPool pool;
    private final PeakEwma latency = new PeakEwma();
    private final AtomicInteger outstanding = new AtomicInteger();
    private final LongAdder calls = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder errorAnswers = new LongAdder();
    private final LongAdder busyNanos = new LongAdder();

    private volatile State state = State.AVAILABLE;
    private volatile long backNanos;
    private volatile boolean cameBack;

    // Guarded by this.
    private int failuresInARow;
    private double errorRate;
    private int rated;
    private int ejections;
    /** How often in a row it was ejected, or its probe failed. */
    private int ejectionsInARow;

    private long probeNanos;
    private boolean probing;

    Node(Endpoint endpoint, BalancerOptions options, Watcher watcher) {
        this.endpoint = endpoint;
        this.options = options;
        this.watcher = watcher;
        TransportClient created = TransportClient.create(endpoint.uri().toString());
        String name = endpoint.serverName();
        if (name != null && isSecure(endpoint)) {
            created = created.endpoint(o -> o.serverName(name));
        }
        this.client = options.client().apply(created);
        this.pool = SessionPool.of(client, options.pool());
    }

    private static boolean isSecure(Endpoint endpoint) {
        return switch (String.valueOf(endpoint.uri().getScheme())) {
            case "tcps", "wss", "quic" -> true;
            default -> false;
        };
    }

    // ---- what a balancing may know ----

    @Override
    public Endpoint endpoint() {
        return endpoint;
    }

    @Override
    public double weight() {
        double weight = endpoint.weight();
        for (Session session : pool.sharedSessions()) {
            if (session.health().state() != HealthState.HEALTHY) {
                weight *= LATE_WEIGHT;
                break;
            }
        }
        if (cameBack) {
            double part = (double) (System.nanoTime() - backNanos)
                    / Math.max(1, options.slowStart().toNanos());
            if (part >= 1) {
                cameBack = false;
            } else {
                weight *= Math.max(FIRST_WEIGHT, part);
            }
        }
        return weight;
    }

    @Override
    public int outstanding() {
        return outstanding.get();
    }

    @Override
    public double latencyNanos() {
        return latency.value(System.nanoTime());
    }

    @Override
    public double cpu() {
        return Math.max(0, load().cpu());
    }

    @Override
    public long sessions() {
        long said = load().sessions();
        return said > 0 ? said : pool.stats().open();
    }

    private PeerLoad load() {
        for (Session session : pool.sharedSessions()) {
            PeerLoad load = session.health().load();
            if (!load.equals(PeerLoad.UNKNOWN)) {
                return load;
            }
        }
        return PeerLoad.UNKNOWN;
    }

    // ---- calls ----

    void begin() {
        outstanding.getAndIncrement();
        calls.increment();
    }

    void end(long nanos) {
        outstanding.getAndDecrement();
        busyNanos.add(nanos);
    }

    void succeeded(long nanos) {
        latency.observe(nanos, System.nanoTime());
        rate(false);
    }

    /** Nobody waits for it any more: it was as slow as that at least. */
    void cancelled(long nanos) {
        if (nanos > latencyNanos()) {
            latency.observe(nanos, System.nanoTime());
        }
    }

    void failed(Throwable error, long nanos) {
        if (error instanceof PeerException peer) {
            latency.observe(nanos, System.nanoTime());
            rate(false);
            if (peer.code() == PeerException.UNAVAILABLE) {
                drains("refuses new work");
            } else if (peer.code() != PeerException.OVERLOADED) {
                errorAnswers.increment();
            }
        } else if (error instanceof ConnectionLostException lost
                && lost.reason().kind() == CloseReason.Kind.PEER
                && lost.reason().code() == CloseReason.GOING_AWAY.code()) {
            drains("closed the session to go away");
        } else if (error instanceof TransportException) {
            failures.increment();
            cancelled(nanos);
            rate(true);
        }
    }

    private void rate(boolean failure) {
        String why = null;
        synchronized (this) {
            failuresInARow = failure ? failuresInARow + 1 : 0;
            errorRate += ((failure ? 1 : 0) - errorRate) * RATE_STEP;
            rated++;
            if (!failure) {
                ejectionsInARow = 0;
            } else if (state == State.AVAILABLE) {
                if (failuresInARow >= options.ejectAfter()) {
                    why = failuresInARow + " failures in a row (option eject)";
                } else if (rated >= RATE_CALLS && errorRate > options.ejectAboveErrorRate()) {
                    why = Math.round(errorRate * 100) + " % of the recent calls failed (option eject)";
                }
            }
        }
        if (why != null && watcher.mayEject()) {
            leave(State.EJECTED, Kind.EJECTED, why);
        }
    }

    private void drains(String why) {
        if (state == State.AVAILABLE) {
            leave(State.DRAINING, Kind.DRAINING, why);
        }
    }

    private void leave(State next, Kind kind, String why) {
        synchronized (this) {
            if (state != State.AVAILABLE) {
                return;
            }
            state = next;
            ejections++;
            probeLater();
        }
        watcher.changed(kind, this, why);
    }

    /** Guarded by this. */
    private void probeLater() {
        long nanos = options.ejection().toNanos() << Math.min(ejectionsInARow, 30);
        long longest = options.longestEjection().toNanos();
        probeNanos = System.nanoTime() + (nanos <= 0 ? longest : Math.min(nanos, longest));
        ejectionsInARow++;
    }

    // ---- from time to time ----

    boolean isAvailable() {
        return state == State.AVAILABLE;
    }

    boolean isEjected() {
        return state == State.EJECTED;
    }

    /** Looks whether its server says that it drains, and, when it is out, whether it is time to try it again. */
    Mono<Void> check() {
        if (state == State.AVAILABLE) {
            if (load().draining()) {
                drains("says that it drains");
            }
            return Mono.empty();
        }
        synchronized (this) {
            if (probing || System.nanoTime() - probeNanos < 0) {
                return Mono.empty();
            }
            probing = true;
        }
        return Mono.usingWhen(client.connect(), this::probe, Session::close)
                .timeout(options.timeout())
                .then(Mono.<Void>fromRunnable(this::readmit))
                .onErrorResume(error -> {
                    synchronized (this) {
                        probing = false;
                        probeLater();
                    }
                    watcher.changed(Kind.PROBE_FAILED, this, String.valueOf(error.getMessage()));
                    return Mono.empty();
                });
    }

    private Mono<Boolean> probe(Session session) {
        Packet packet = options.probe();
        return packet == null
                ? Mono.just(true)
                : session.request(packet, options.timeout()).thenReturn(true);
    }

    private void readmit() {
        synchronized (this) {
            probing = false;
            failuresInARow = 0;
            errorRate = 0;
            rated = 0;
            backNanos = System.nanoTime();
            cameBack = !options.slowStart().isZero();
            state = State.AVAILABLE;
        }
        watcher.changed(Kind.READMITTED, this, "");
    }

    EndpointStats stats() {
        synchronized (this) {
            return new EndpointStats(
                    endpoint,
                    isAvailable(),
                    calls.sum(),
                    failures.sum(),
                    errorAnswers.sum(),
                    Duration.ofNanos(busyNanos.sum()),
                    outstanding(),
                    Duration.ofNanos((long) latencyNanos()),
                    ejections,
                    pool.stats());
        }
    }
}
