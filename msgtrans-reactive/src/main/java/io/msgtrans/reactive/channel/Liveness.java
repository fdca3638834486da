package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.CloseReason.Kind;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.ProtocolException.Rule;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.health.Health;
import io.msgtrans.reactive.health.HealthState;
import io.msgtrans.reactive.health.HeartbeatOptions;
import io.msgtrans.reactive.health.PeerLoad;
import io.msgtrans.reactive.spi.Framing;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/**
 * Watches for signs of life of the peer, asks for them, and gives them while this side does not read. Event loop only, but for
 * {@link #health()} and {@link #changes()}.
 */
final class Liveness {

    /** PING: token, interval in ms. PONG: token, processors per mille, sessions, flags. */
    private static final int PING_BYTES = 12;

    private static final int PONG_BYTES = 15;
    private static final int REMEMBERED_PINGS = 16;
    /** Nothing is ever put into it. */
    private static final long[] NEVER_PINGED = new long[REMEMBERED_PINGS];

    private static final int CPU_UNKNOWN = 0xFFFF;
    private static final int DRAINING = 1;

    /** However often a peer wants signs of life, it does not get more. */
    private static final long SHORTEST_SIGN_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final ChannelSession session;
    private final SessionHandler handler;
    private final Framing framing;
    private final Outbound outbound;
    private final SessionOptions options;
    private final HeartbeatOptions heartbeat;
    private final Supplier<PeerLoad> ownLoad;
    private final TimeoutWheel wheel;

    // Written on the event loop, read by all.
    private volatile HealthState state = HealthState.HEALTHY;
    private volatile long smoothedNanos = -1;
    private volatile long variationNanos;
    private volatile long latestNanos;
    private volatile long lastReadNanos;
    private volatile PeerLoad load = PeerLoad.UNKNOWN;
    private volatile Sinks.@Nullable Many<Health> changes;

    private @Nullable Timer idle;
    private @Nullable Timer keepAlive;
    private @Nullable Timer beat;
    private @Nullable Timer signs;
    /** Whether reads are worth a look at the clock. */
    private boolean watching;

    /** Of the last heartbeat; they count up from 1. */
    private long token;
    /** Of the last one that was answered. */
    private long answeredToken;
    /** When each of the last heartbeats was sent: an answer may come after further ones. */
    private long[] pingedNanos = NEVER_PINGED;
    /** How often the peer wants a sign of life; 0 when it never asked. */
    private long signNanos;

    Liveness(
            ChannelSession session,
            SessionHandler handler,
            Framing framing,
            Outbound outbound,
            Supplier<PeerLoad> ownLoad,
            TimeoutWheel wheel) {
        this.session = session;
        this.handler = handler;
        this.framing = framing;
        this.outbound = outbound;
        this.options = session.options();
        this.heartbeat = options.heartbeat();
        this.ownLoad = ownLoad;
        this.wheel = wheel;
        this.lastReadNanos = wheel.nanoTime();
    }

    /** Something that is done again and again. */
    private final class Timer extends TimeoutWheel.Timeout {
        private final Runnable action;

        Timer(Runnable action, long delayNanos) {
            this.action = action;
            wheel.schedule(this, delayNanos);
        }

        @Override
        void expire() {
            action.run();
        }
    }

    void start() {
        if (!options.idleTimeout().isZero()) {
            idle = new Timer(this::checkIdle, options.idleTimeout().toNanos());
        }
        if (framing.keepAliveNanos() > 0) {
            keepAlive = new Timer(this::keepAlive, framing.keepAliveNanos());
        }
        if (!heartbeat.interval().isZero()) {
            beat = new Timer(this::beat, 0);
        }
        watching = idle != null || beat != null;
    }

    void stop(HealthState last) {
        for (Timer timer : new Timer[] {idle, keepAlive, beat, signs}) {
            if (timer != null) {
                wheel.cancel(timer);
            }
        }
        change(last);
        Sinks.Many<Health> sink = changes;
        if (sink != null) {
            sink.tryEmitComplete();
        }
    }

    // ---- what arrives ----

    /** Bytes arrived. */
    void alive() {
        if (watching) {
            lastReadNanos = wheel.nanoTime();
        }
    }

    /** The peer asks for a sign of life. */
    void ping(Packet ping) {
        if (ping.payloadLength() < PING_BYTES) {
            throw new ProtocolException(Rule.MALFORMED, "PING with " + ping.payloadLength() + " bytes");
        }
        ByteBuffer payload = ByteBuffer.wrap(ping.payload());
        long itsToken = payload.getLong();
        long intervalNanos = TimeUnit.MILLISECONDS.toNanos(payload.getInt() & 0xFFFFFFFFL);
        if (intervalNanos > 0 && signs == null) {
            signs = new Timer(this::giveSign, Math.max(SHORTEST_SIGN_NANOS, intervalNanos));
        }
        signNanos = Math.max(SHORTEST_SIGN_NANOS, intervalNanos);
        pong(itsToken);
    }

    /** The peer answers, or says something of itself. */
    void pong(Packet pong) {
        if (pong.payloadLength() < PONG_BYTES) {
            throw new ProtocolException(Rule.MALFORMED, "PONG with " + pong.payloadLength() + " bytes");
        }
        ByteBuffer payload = ByteBuffer.wrap(pong.payload());
        long itsToken = payload.getLong();
        int cpu = payload.getShort() & 0xFFFF;
        load = new PeerLoad(
                cpu == CPU_UNKNOWN ? -1 : cpu / 1000.0,
                payload.getInt() & 0xFFFFFFFFL,
                (payload.get() & DRAINING) != 0);
        answered(itsToken);
        if (load.draining()) {
            announce();
        }
    }

    /** A heartbeat is answered; what answers another one, or none, is a sign of life only. */
    void answered(long itsToken) {
        if (itsToken <= answeredToken || itsToken > token || token - itsToken >= REMEMBERED_PINGS) {
            return;
        }
        answeredToken = itsToken;
        long nanos = wheel.nanoTime() - pingedNanos[(int) itsToken & (REMEMBERED_PINGS - 1)];
        latestNanos = nanos;
        long smoothed = smoothedNanos;
        long variation = variationNanos;
        variationNanos = smoothed < 0 ? nanos / 2 : variation + (Math.abs(nanos - smoothed) - variation) / 4;
        smoothedNanos = smoothed < 0 ? nanos : smoothed + (nanos - smoothed) / 8;
        judge();
    }

    // ---- what is done in time ----

    private void checkIdle() {
        excuseOwnSilence();
        long left = options.idleTimeout().toNanos() - (wheel.nanoTime() - lastReadNanos);
        if (left > 0) {
            again(idle, left);
        } else {
            session.closeNow(new CloseReason(
                    Kind.IDLE, 1001, "nothing arrived for " + options.idleTimeout() + " (option idleTimeout)"));
        }
    }

    private void keepAlive() {
        ByteBuf frame = session.isOpen() ? framing.keepAliveFrame() : null;
        if (frame != null) {
            outbound.writeNow(frame);
            again(keepAlive, framing.keepAliveNanos());
        }
    }

    /** Twice per interval: looks how long it was quiet; and sends a heartbeat when the last one is an interval old. */
    private void beat() {
        if (!session.isOpen()) {
            return;
        }
        excuseOwnSilence();
        if (judge() == HealthState.FAILED) {
            session.cut(new CloseReason(
                    Kind.UNRESPONSIVE,
                    1006,
                    "no sign of life for " + silence() + " (option heartbeat, interval " + heartbeat.interval() + ")"));
            return;
        }
        long intervalNanos = heartbeat.interval().toNanos();
        long now = wheel.nanoTime();
        if (token == 0
                || now - pingedNanos[(int) token & (REMEMBERED_PINGS - 1)] >= intervalNanos - intervalNanos / 8) {
            token++;
            if (pingedNanos == NEVER_PINGED) {
                pingedNanos = new long[REMEMBERED_PINGS];
            }
            pingedNanos[(int) token & (REMEMBERED_PINGS - 1)] = now;
            if (!askForSign()) {
                lastReadNanos = now; // cannot be asked, and owes nothing
            }
        }
        again(beat, intervalNanos / 2);
    }

    /** While nothing is read here, for want of demand, it is not the peer that is quiet. */
    private void excuseOwnSilence() {
        if (handler.isStalled()) {
            lastReadNanos = wheel.nanoTime();
        }
    }

    private boolean askForSign() {
        if (handler.saysHello()) {
            return false; // nothing may go before the answer
        }
        if (session.isExtended()) {
            byte[] ping = ByteBuffer.allocate(PING_BYTES)
                    .putLong(token)
                    .putInt((int) heartbeat.interval().toMillis())
                    .array();
            outbound.writeFrameNow(Packet.oneWay(ping), Frames.PING);
            return true;
        }
        ByteBuf frame = framing.pingFrame(token);
        if (frame != null) {
            outbound.writeNow(frame);
            return true;
        }
        Packet packet = heartbeat.packet();
        if (packet == null) {
            return false;
        }
        long asked = token;
        session.request(packet, heartbeat.interval().multipliedBy(4)).subscribe(answer -> answered(asked), error -> {});
        return true;
    }

    /** While nothing is read here, the peer's heartbeats are not either, and it gets a sign without. */
    private void giveSign() {
        if (session.isOpen()) {
            if (handler.isStalled()) {
                pong(0);
            }
            again(signs, signNanos);
        }
    }

    private void pong(long itsToken) {
        if (outbound.socketHasRoom()) { // else there are signs enough under way
            PeerLoad own = ownLoad.get();
            int cpu = own.cpu() < 0 ? CPU_UNKNOWN : (int) Math.round(Math.min(1, own.cpu()) * 1000);
            int flags = own.draining() || session.isDraining() ? DRAINING : 0;
            byte[] pong = ByteBuffer.allocate(PONG_BYTES)
                    .putLong(itsToken)
                    .putShort((short) cpu)
                    .putInt((int) Math.min(own.sessions(), 0xFFFFFFFFL))
                    .put((byte) flags)
                    .array();
            outbound.writeFrameNow(Packet.oneWay(pong), Frames.PONG);
        }
    }

    /** Tells a peer that sends heartbeats that this side goes away. */
    void sayDraining() {
        if (signs != null && session.isOpen()) {
            pong(0);
        }
    }

    private void again(@Nullable Timer timer, long delayNanos) {
        if (timer != null && session.isOpen()) {
            wheel.schedule(timer, delayNanos);
        }
    }

    // ---- the verdict ----

    private HealthState judge() {
        double intervals = (double) (wheel.nanoTime() - lastReadNanos)
                / heartbeat.interval().toNanos();
        HealthState bySilence = intervals >= heartbeat.failedAfter()
                ? HealthState.FAILED
                : intervals >= heartbeat.criticalAfter()
                        ? HealthState.CRITICAL
                        : intervals >= heartbeat.degradedAfter() ? HealthState.DEGRADED : HealthState.HEALTHY;
        HealthState byTime = smoothedNanos >= heartbeat.criticalRoundTrip().toNanos()
                ? HealthState.CRITICAL
                : smoothedNanos >= heartbeat.degradedRoundTrip().toNanos() ? HealthState.DEGRADED : HealthState.HEALTHY;
        HealthState verdict = bySilence.isAtLeast(byTime) ? byTime : bySilence;
        change(verdict);
        return verdict;
    }

    private void change(HealthState verdict) {
        if (verdict != state) {
            state = verdict;
            announce();
        }
    }

    private void announce() {
        Sinks.Many<Health> sink = changes;
        if (sink != null) {
            sink.tryEmitNext(health());
        }
    }

    private Duration silence() {
        return Duration.ofNanos(Math.max(0, wheel.nanoTime() - lastReadNanos));
    }

    // ---- any thread ----

    Health health() {
        boolean known = smoothedNanos >= 0;
        return new Health(
                state,
                known ? Duration.ofNanos(smoothedNanos) : null,
                known ? Duration.ofNanos(variationNanos) : null,
                known ? Duration.ofNanos(latestNanos) : null,
                watching ? silence() : Duration.ZERO,
                load);
    }

    Flux<Health> changes() {
        return Flux.defer(() -> {
            Sinks.Many<Health> sink = changes;
            if (sink == null) {
                synchronized (this) {
                    sink = changes;
                    if (sink == null) {
                        sink = Sinks.many().replay().latest();
                        changes = sink;
                    }
                }
                handler.inEventLoop(this::announceFirst);
            }
            return sink.asFlux().onBackpressureLatest();
        });
    }

    private void announceFirst() {
        announce();
        Sinks.Many<Health> sink = changes;
        if (session.isDisposed() && sink != null) {
            sink.tryEmitComplete();
        }
    }
}
