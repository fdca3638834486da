package io.msgtrans.reactive;

import io.msgtrans.reactive.admission.AdmissionOptions;
import io.msgtrans.reactive.admission.Authentication;
import io.msgtrans.reactive.admission.Handshake;
import io.msgtrans.reactive.admission.Rate;
import io.msgtrans.reactive.admission.TokenBucket;
import io.msgtrans.reactive.channel.Gate;
import io.msgtrans.reactive.spi.Connection;
import io.msgtrans.reactive.spi.PeerCertificates;
import io.msgtrans.reactive.spi.PeerIdentity;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Who may come in to a server, and how much each may ask for. */
final class Admission {

    /** The close code of a peer that is not let in. */
    static final int UNAUTHENTICATED = 4401;

    /** Addresses that are remembered; above, those that were quiet long enough are forgotten. */
    private static final int MANY_ADDRESSES = 65_536;

    private final AdmissionOptions options;
    private final @Nullable Authentication authentication;
    private final Map<InetAddress, TokenBucket> packets = new ConcurrentHashMap<>();
    private final Map<InetAddress, TokenBucket> connects = new ConcurrentHashMap<>();

    Admission(AdmissionOptions options, @Nullable Authentication authentication) {
        this.options = options;
        this.authentication = authentication;
    }

    // ---- rates ----

    /** Whether the rate of an address allows one more connection. */
    boolean admitsConnection(InetAddress address) {
        Rate rate = options.connectRate();
        return rate == null
                || bucket(connects, address, rate).tryTake(Ticker.systemTicker().nanoTime());
    }

    /** The limits of a session, or {@code null} when there are none. */
    @Nullable
    Gate gate(SocketAddress remote) {
        if (options.sessionRate() == null
                && options.addressRate() == null
                && options.shedAfter().isZero()) {
            return null;
        }
        Rate rate = options.addressRate();
        TokenBucket ofAddress = rate != null && remote instanceof InetSocketAddress inet && inet.getAddress() != null
                ? bucket(packets, inet.getAddress(), rate)
                : null;
        return new Gate(options, ofAddress);
    }

    private static TokenBucket bucket(Map<InetAddress, TokenBucket> buckets, InetAddress address, Rate rate) {
        long now = Ticker.systemTicker().nanoTime();
        if (buckets.size() > MANY_ADDRESSES) {
            buckets.values().removeIf(bucket -> bucket.isFull(now));
        }
        return buckets.computeIfAbsent(address, key -> new TokenBucket(rate, now));
    }

    // ---- authentication ----

    /** Who asks for an upgrade; an {@link AuthenticationException} when it is refused. */
    Mono<PeerIdentity> authenticateUpgrade(Handshake handshake) {
        Authentication by = authentication;
        return by == null || by.needsFirstPacket()
                ? Mono.fromSupplier(PeerIdentity::new)
                : by.check(handshake)
                        .timeout(by.deadline())
                        .map(PeerIdentity::new)
                        .switchIfEmpty(Mono.error(() -> new AuthenticationException("refused", null)))
                        .onErrorMap(error -> !(error instanceof AuthenticationException), Admission::refused);
    }

    /** Whether a session must wait for {@link #authenticate}. */
    boolean mustAuthenticate(Connection connection) {
        return authentication != null && connection.identity().principal() == null;
    }

    /** Completes when it is known who the peer is; otherwise tells the peer, and fails. */
    Mono<Void> authenticate(Session session, Connection connection) {
        Authentication by = authentication;
        if (by == null) {
            return Mono.empty();
        }
        Mono<Void> known = by.needsFirstPacket()
                ? session.receive()
                        .next()
                        .switchIfEmpty(Mono.error(() -> new AuthenticationException("no first packet came", null)))
                        .flatMap(first -> identify(by, session, connection, first))
                : identify(by, session, connection, null);
        return known.timeout(by.deadline())
                .onErrorMap(error -> !(error instanceof AuthenticationException), Admission::refused);
    }

    private static Mono<Void> identify(
            Authentication by, Session session, Connection connection, @Nullable Packet first) {
        Handshake handshake = new Handshake(
                session.scheme(), session.remoteAddress(), "", Map.of(), PeerCertificates.of(connection.tls()), first);
        boolean asked = first != null && first.type() == PacketType.REQUEST;
        return by.check(handshake)
                .switchIfEmpty(Mono.error(() -> new AuthenticationException("refused", null)))
                .doOnNext(connection.identity()::is)
                .then(Mono.defer(() -> asked && first != null ? session.reply(first, new byte[0]) : Mono.<Void>empty()))
                .onErrorResume(error -> asked && first != null && session.isExtended()
                        ? session.replyError(first, PeerException.UNAUTHENTICATED, "not let in")
                                .then(Mono.error(error))
                        : Mono.error(error));
    }

    private static AuthenticationException refused(Throwable cause) {
        return new AuthenticationException("the peer could not be authenticated: " + Causes.describe(cause), cause);
    }
}
