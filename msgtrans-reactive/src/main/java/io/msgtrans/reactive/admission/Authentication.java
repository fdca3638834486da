package io.msgtrans.reactive.admission;

import io.msgtrans.reactive.spi.OptionRange;
import java.security.Principal;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/**
 * How a server finds out who its peers are. Nothing of a peer reaches the server's handler before it is known.
 *
 * <table>
 * <caption>What a refused peer sees</caption>
 * <tr><td>{@link #byHandshake}, WebSocket</td><td>HTTP 401 instead of the upgrade</td></tr>
 * <tr><td>{@link #byHandshake}, other transports</td><td>the session is closed with code 4401</td></tr>
 * <tr><td>{@link #byFirstPacket}</td><td>error 11 as the answer, if it was a request and the peer agreed on our extensions; then
 *     the session is closed with code 4401</td></tr>
 * </table>
 *
 * <p>To our own clients each of these is an {@code AuthenticationException}, where they can be told: a plain peer on {@code tcp}
 * sees its connection closed.
 */
public final class Authentication {

    private final boolean firstPacket;
    private final Duration deadline;
    private final Function<? super Handshake, ? extends Mono<? extends Principal>> check;

    private Authentication(
            boolean firstPacket,
            Duration deadline,
            Function<? super Handshake, ? extends Mono<? extends Principal>> check) {
        OptionRange.check("deadline", deadline, Duration.ofMillis(10), Duration.ofMinutes(10), "10 ms..10 min");
        this.firstPacket = firstPacket;
        this.deadline = deadline;
        this.check = Objects.requireNonNull(check, "check");
    }

    /**
     * By what is known when the connection is open: headers of the WebSocket upgrade, TLS certificates, the address.
     *
     * @param deadline for the check, 10 ms..10 min
     * @param check gives who it is; an empty Mono, or an error, refuses the peer. Called on an event loop, which it must not block.
     */
    public static Authentication byHandshake(
            Duration deadline, Function<? super Handshake, ? extends Mono<? extends Principal>> check) {
        return new Authentication(false, deadline, check);
    }

    /**
     * By the first packet, which the application does not see. If it is a request, it is answered, without a payload, when the
     * peer is let in.
     *
     * @param deadline from the opening of the session to the end of the check, 10 ms..10 min
     * @param check as above
     */
    public static Authentication byFirstPacket(
            Duration deadline, Function<? super Handshake, ? extends Mono<? extends Principal>> check) {
        return new Authentication(true, deadline, check);
    }

    /** Whether the first packet is waited for. */
    public boolean needsFirstPacket() {
        return firstPacket;
    }

    public Duration deadline() {
        return deadline;
    }

    /** Who it is; fails, or is empty, when the peer is refused. */
    public Mono<Principal> check(Handshake handshake) {
        return Mono.defer(() -> check.apply(handshake)).map(principal -> principal);
    }
}
