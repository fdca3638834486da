package io.msgtrans.reactive.delivery;

import io.msgtrans.reactive.Packet;
import reactor.core.publisher.Mono;

/** What an {@link AcknowledgedReceiver} gives its subscriber. */
public sealed interface Delivery {

    /**
     * A packet that waits for its acknowledgement; each comes once and in the order of its producer while its connection lasts.
     * What is not acknowledged when the connection ends comes again on the next one, perhaps behind later packets, even if the
     * application still works at it: who must not act twice remembers {@link #producer()} and {@link #sequence()}. Any thread may
     * acknowledge or reject.
     */
    non-sealed interface Item extends Delivery {

        Packet packet();

        /** The sender, a number that it drew at random when it began. */
        long producer();

        /** Which packet of its producer this is, from 1 on. */
        long sequence();

        /** Tells the sender that it need not be sent again. To be subscribed to; fails when the connection is lost, which does no harm. */
        Mono<Void> acknowledge();

        /**
         * Tells the sender that it will never be accepted; its {@code send} fails with {@link
         * io.msgtrans.reactive.PeerException}.
         *
         * @param code the application's own, from {@link io.msgtrans.reactive.PeerException#FIRST_OWN} on
         */
        Mono<Void> reject(int code, String message);
    }

    /**
     * The sender gave up packets that never arrived.
     *
     * @param producer the sender
     * @param from the first of them
     * @param to the last of them
     */
    record Gap(long producer, long from, long to) implements Delivery {}

    /**
     * A packet that was sent without acknowledgement.
     *
     * @param packet a request or a one-way packet
     */
    record Plain(Packet packet) implements Delivery {}
}
