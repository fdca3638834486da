package io.msgtrans.reactive.delivery;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Receives what {@link AcknowledgedSender}s send, over all sessions of a server: one for all of them, since a sender may come back
 * on another connection.
 *
 * <pre>{@code
 * AcknowledgedReceiver receiver = AcknowledgedReceiver.create();
 * server.handle(session -> receiver.receive(session)
 *         .concatMap(delivery -> delivery instanceof Delivery.Item item
 *                 ? store(item.packet()).then(item.acknowledge())
 *                 : Mono.empty())
 *         .then());
 * }</pre>
 *
 * <p>It remembers, for each producer, the next packet and those that are not acknowledged yet; 100,000 producers at most, each for
 * an hour after its last packet, unless told otherwise.
 */
public final class AcknowledgedReceiver {

    private static final int MAX_PRODUCERS = 100_000;
    private static final Duration REMEMBERED = Duration.ofHours(1);
    /** Packets of one producer that may wait for the application. */
    private static final int MAX_WORKING = 16_384;

    private static final int PREFETCH = 64;

    private final int maxProducers;
    private final long rememberedNanos;
    private final LongSupplier nanoTime;
    private final LongAdder duplicates = new LongAdder();
    /** In the order of their last packets. Guarded by itself. */
    private final Map<Long, Producer> producers = new LinkedHashMap<>(16, 0.75f, true);

    private AcknowledgedReceiver(int maxProducers, Duration remembered, LongSupplier nanoTime) {
        this.maxProducers = maxProducers;
        this.rememberedNanos = remembered.toNanos();
        this.nanoTime = nanoTime;
    }

    /** A receiver that remembers 100,000 producers, for an hour each. */
    public static AcknowledgedReceiver create() {
        return create(MAX_PRODUCERS, REMEMBERED);
    }

    /**
     * A receiver.
     *
     * @param maxProducers how many senders are remembered, 1 or more; when there are more, the one that was quiet for longest is
     *     forgotten, and a packet of it that is sent again would come again
     * @param remembered for how long after its last packet
     */
    public static AcknowledgedReceiver create(int maxProducers, Duration remembered) {
        return create(maxProducers, remembered, System::nanoTime);
    }

    static AcknowledgedReceiver create(int maxProducers, Duration remembered, LongSupplier nanoTime) {
        if (maxProducers < 1 || remembered.isNegative() || remembered.isZero()) {
            throw new IllegalArgumentException(
                    "maxProducers " + maxProducers + ", remembered " + remembered + " are not positive");
        }
        return new AcknowledgedReceiver(maxProducers, remembered, nanoTime);
    }

    /** What is known of a sender. Guarded by itself. */
    private static final class Producer {
        private final long id;
        private long next;
        private long lastNanos;
        /** Given to the application and not acknowledged. */
        private final Map<Long, Working> working = new HashMap<>();

        Producer(long id, long next) {
            this.id = id;
            this.next = next;
        }
    }

    /**
     * What a session's peer sends; takes the place of {@link Session#receive()}. When its subscriber goes away, or the session
     * ends, packets that are not acknowledged are given again, to the subscriber of the session that the sender comes back on:
     * who still works at one then gets it twice.
     */
    public Flux<Delivery> receive(Session session) {
        return Flux.defer(() -> {
            Map<Working, Boolean> mine = new ConcurrentHashMap<>();
            return session.receive()
                    .<Delivery>concatMapIterable(packet -> deliveries(session, packet, mine), PREFETCH)
                    .doFinally(signal -> mine.keySet().forEach(Working::abandon));
        });
    }

    private List<Delivery> deliveries(Session session, Packet packet, Map<Working, Boolean> mine) {
        DeliveryMark mark = packet.metadata().delivery();
        if (mark == null) {
            return List.of(new Delivery.Plain(packet));
        }
        Producer producer = producer(mark);
        if (producer == null) {
            refuse(session, packet, PeerException.UNAVAILABLE, "too many producers are remembered");
            return List.of();
        }
        List<Delivery> out = new ArrayList<>(1);
        synchronized (producer) {
            producer.lastNanos = nanoTime.getAsLong();
            if (mark.lowest() > producer.next) {
                out.add(new Delivery.Gap(mark.producer(), producer.next, mark.lowest() - 1));
                producer.next = mark.lowest();
            }
            if (mark.sequence() > producer.next) {
                refuse(session, packet, PeerException.OUT_OF_ORDER, "expected packet " + producer.next);
            } else if (mark.sequence() == producer.next) {
                if (producer.working.size() >= MAX_WORKING) {
                    refuse(session, packet, PeerException.UNAVAILABLE, "too many packets wait for acknowledgement");
                } else {
                    producer.next++;
                    out.add(begin(producer, session, packet, mark, mine));
                }
            } else {
                Working before = producer.working.get(mark.sequence());
                if (before == null) {
                    duplicates.increment();
                    reply(session, packet);
                } else if (before.abandoned) {
                    out.add(begin(producer, session, packet, mark, mine));
                } else {
                    duplicates.increment();
                    before.answerTo(session, packet);
                }
            }
        }
        return out;
    }

    private static Working begin(
            Producer producer, Session session, Packet packet, DeliveryMark mark, Map<Working, Boolean> mine) {
        Working working = new Working(producer, mark.sequence(), session, packet, mine);
        producer.working.put(mark.sequence(), working);
        mine.put(working, true);
        return working;
    }

    private @Nullable Producer producer(DeliveryMark mark) {
        synchronized (producers) {
            Producer known = producers.get(mark.producer());
            if (known != null) {
                return known;
            }
            forgetOld();
            if (producers.size() >= maxProducers) {
                return null;
            }
            Producer fresh = new Producer(mark.producer(), Math.max(1, mark.lowest()));
            producers.put(mark.producer(), fresh);
            return fresh;
        }
    }

    /** Those whose time is over, and, when there is no room, the one that was quiet for longest and waits for nothing. */
    private void forgetOld() {
        boolean needed = producers.size() >= maxProducers;
        Iterator<Producer> oldest = producers.values().iterator();
        while (oldest.hasNext()) {
            Producer producer = oldest.next();
            synchronized (producer) {
                boolean over = nanoTime.getAsLong() - producer.lastNanos > rememberedNanos;
                if (!over && !needed) {
                    return;
                }
                if (producer.working.isEmpty()) {
                    oldest.remove();
                    needed = false;
                }
            }
        }
    }

    private static void refuse(Session session, Packet packet, int code, String why) {
        session.replyError(packet, code, why).subscribe(nothing -> {}, lost -> {});
    }

    private static void reply(Session session, Packet packet) {
        session.reply(packet, new byte[0]).subscribe(nothing -> {}, lost -> {});
    }

    /** Packets that came again and were not given again. */
    public long duplicates() {
        return duplicates.sum();
    }

    /** A packet between its delivery and its acknowledgement. */
    private static final class Working implements Delivery.Item {
        private final Producer producer;
        private final long sequence;
        /** The session that it was given to the application of. */
        private final Session given;

        private final Map<Working, Boolean> ofSession;
        // Guarded by the producer.
        private Session session;
        private Packet packet;
        private boolean abandoned;

        Working(Producer producer, long sequence, Session session, Packet packet, Map<Working, Boolean> ofSession) {
            this.producer = producer;
            this.sequence = sequence;
            this.given = session;
            this.session = session;
            this.packet = packet;
            this.ofSession = ofSession;
        }

        /** It came again: the sender waits for an answer there now. */
        void answerTo(Session again, Packet request) {
            session = again;
            packet = request;
        }

        void abandon() {
            synchronized (producer) {
                abandoned = true;
                boolean isOpen = producer.working.get(sequence) == this; // or was it acknowledged meanwhile
                if (isOpen
                        && session
                                != given) { // waits there for an answer that nobody will give: it is to be sent there
                    // again
                    refuse(
                            session,
                            packet,
                            PeerException.UNAVAILABLE,
                            "its former session ended before it was acknowledged");
                }
            }
        }

        @Override
        public Packet packet() {
            synchronized (producer) {
                return packet;
            }
        }

        @Override
        public long producer() {
            return producer.id;
        }

        @Override
        public long sequence() {
            return sequence;
        }

        @Override
        public Mono<Void> acknowledge() {
            return Mono.defer(() -> {
                done();
                synchronized (producer) {
                    return session.reply(packet, new byte[0]);
                }
            });
        }

        @Override
        public Mono<Void> reject(int code, String message) {
            return Mono.defer(() -> {
                done();
                synchronized (producer) {
                    return session.replyError(packet, code, message);
                }
            });
        }

        private void done() {
            ofSession.remove(this);
            synchronized (producer) {
                producer.working.remove(sequence, this);
            }
        }
    }
}
