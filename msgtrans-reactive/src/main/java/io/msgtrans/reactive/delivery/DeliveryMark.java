package io.msgtrans.reactive.delivery;

/**
 * What an acknowledged packet carries beside it ({@code docs/wire-extensions.md} §5).
 *
 * @param producer names the sender; a random number
 * @param sequence counts its packets from 1 on
 * @param lowest of those that it still holds: all below were acknowledged or given up
 */
public record DeliveryMark(long producer, long sequence, long lowest) {}
