/**
 * IoT: many devices report over TCP in compressed packets; a collector writes them in batches to a time-series table through R2DBC, answers
 * when they are stored, and tells operators of devices that run hot.
 */
@NullMarked
package io.msgtrans.reactive.samples.iot;

import org.jspecify.annotations.NullMarked;
