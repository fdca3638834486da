package io.msgtrans.reactive.samples.trading;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import java.util.HashMap;
import java.util.Map;
import org.reactivestreams.Publisher;

/** Fills every order that keeps the position of its session in the instrument within a limit. */
final class Exchange {

    static final long POSITION_LIMIT = 1_000;

    private Exchange() {}

    /** Answers the orders of a session in their order; its positions are touched by its event loop only. */
    static Publisher<Void> handle(Session session) {
        Map<Long, Long> positions = new HashMap<>();
        return session.send(session.receive().map(request -> execute(request, positions)));
    }

    private static Packet execute(Packet request, Map<Long, Long> positions) {
        Order order = Order.from(request);
        long position = positions.getOrDefault(order.instrument(), 0L);
        long wanted = position + order.quantity();
        if (Math.abs(wanted) > POSITION_LIMIT) {
            return new ExecutionReport(order.id(), 0, position).toResponse(request);
        }
        positions.put(order.instrument(), wanted);
        return new ExecutionReport(order.id(), order.quantity(), wanted).toResponse(request);
    }
}
