/** Races of channels and batches, by jcstress: {@code jmh/stress}. */
package io.msgtrans.reactive.operator;
