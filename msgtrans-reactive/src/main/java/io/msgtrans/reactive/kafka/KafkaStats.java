package io.msgtrans.reactive.kafka;

/**
 * What an ingest, or a fan-out, did so far.
 *
 * @param received packets, or records, that came
 * @param completed of them acknowledged by the brokers, or handled
 * @param failed those that the brokers did not take in time, or that are dead letters
 * @param refused packets that the mapping refused, or attempts that were made again
 * @param repeated records that came again after they had been handled here, and were left out
 * @param underWay those that are none of these yet
 */
public record KafkaStats(long received, long completed, long failed, long refused, long repeated, long underWay) {}
