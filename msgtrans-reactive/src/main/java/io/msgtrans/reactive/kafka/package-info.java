/**
 * Servers on more than one machine, and services behind Kafka:
 *
 * <pre>
 *   sessions --{@link io.msgtrans.reactive.kafka.KafkaIngest}--> topics            acknowledged when the broker has
 *   topics --{@link io.msgtrans.reactive.kafka.KafkaFanOut}--> groups of sessions  in order, poison to a dead-letter topic
 *   node --{@link io.msgtrans.reactive.kafka.KafkaCluster}--> nodes                broadcast, presence, packets to sessions elsewhere
 *   gateway --{@link io.msgtrans.reactive.kafka.KafkaRequests}--> service          requests over topics
 * </pre>
 *
 * <p>Needs {@code io.projectreactor.kafka:reactor-kafka} and {@code org.apache.kafka:kafka-clients}. Reactor Kafka is no longer developed: {@code
 * KafkaLink} is the only type that touches it, so that it can be replaced.
 */
@NullMarked
package io.msgtrans.reactive.kafka;

import org.jspecify.annotations.NullMarked;
