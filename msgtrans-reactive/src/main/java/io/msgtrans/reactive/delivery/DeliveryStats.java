package io.msgtrans.reactive.delivery;

/**
 * What an {@link AcknowledgedSender} did so far: {@code accepted = acknowledged + rejected + dropped + waiting}.
 *
 * @param accepted packets taken for sending
 * @param acknowledged those that the receiver acknowledged
 * @param rejected those that it will never accept, or that are too large to be sent
 * @param dropped those that this side gave up
 * @param resent how often one was sent again
 * @param waiting those that still wait
 */
public record DeliveryStats(long accepted, long acknowledged, long rejected, long dropped, long resent, int waiting) {}
