/** The Kafka bridge over several processes, which are killed and started again. */
@NullMarked
package io.msgtrans.reactive.test.kafka;

import org.jspecify.annotations.NullMarked;
