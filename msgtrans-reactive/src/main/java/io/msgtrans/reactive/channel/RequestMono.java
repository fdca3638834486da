package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Deadline;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.RequestTimeoutException;
import java.time.Duration;
import java.util.Map;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.ContextView;

/** Sends a request for each subscriber. */
final class RequestMono extends Mono<Packet> {

    private final ChannelSession session;
    private final Outbound outbound;
    private final Packet packet;
    private final Duration timeout;
    /** Values that go beside it. */
    private final Map<String, String> carried;

    RequestMono(
            ChannelSession session, Outbound outbound, Packet packet, Duration timeout, Map<String, String> carried) {
        this.session = session;
        this.outbound = outbound;
        this.packet = packet;
        this.timeout = timeout;
        this.carried = carried;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Packet> actual) {
        PendingRequest request;
        try {
            outbound.checkSize(packet);
            Duration left = left(actual.currentContext());
            byte[] metadata = session.isExtended()
                    ? MetadataBlock.encode(
                            session.options(), actual.currentContext(), left, carried, packet.extHeaderLength())
                    : null;
            PendingRequests pending = session.pending();
            pending.acquire();
            request = new PendingRequest(pending, outbound, packet, metadata, left, actual);
        } catch (RuntimeException refused) {
            packet.release();
            Operators.error(actual, refused);
            return;
        }
        actual.onSubscribe(request);
        outbound.request(request);
    }

    /** The time-out, or what a deadline in the context leaves of it. */
    private Duration left(ContextView context) {
        Deadline deadline = Deadline.of(context);
        if (deadline == null) {
            return timeout;
        }
        Duration left = deadline.remaining();
        if (left.isZero()) {
            throw new RequestTimeoutException(
                    "the deadline in the context passed before the request was sent", timeout);
        }
        return left.compareTo(timeout) < 0 ? left : timeout;
    }
}
