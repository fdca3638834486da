/**
 * What helps to test transports and services on sessions.
 *
 * <p>{@link io.msgtrans.reactive.test.TransportContract} is what every transport must do; a transport of your own runs it
 * by implementing the interface. {@link io.msgtrans.reactive.test.LeakCheck} fails a test whose buffers leak. {@link
 * io.msgtrans.reactive.test.RawPeer} speaks bytes that no well-behaved peer would.
 */
@NullMarked
package io.msgtrans.reactive.test;

import org.jspecify.annotations.NullMarked;
