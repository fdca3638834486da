/**
 * A transport of one's own: the scheme {@code meter}, with its own framing, and blocks in which many packets are compressed together. What a
 * provider needs is all here; {@code META-INF/services} names it, and the contract of the test kit checks it.
 */
@NullMarked
package io.msgtrans.reactive.samples.protocol;

import org.jspecify.annotations.NullMarked;
