/**
 * What a transport is made of.
 *
 * <p>A {@link io.msgtrans.reactive.spi.TransportProvider} is found by {@link java.util.ServiceLoader} and serves one or
 * more URI schemes. It opens Netty channels in its own way and puts the {@link
 * io.msgtrans.reactive.spi.SessionContext#handler session handler} into their pipelines, with a {@link
 * io.msgtrans.reactive.spi.Framing} that says how packets lie between other bytes. Everything else (demand, bounds,
 * requests, closing, counters) is the handler's work and the same for every transport.
 */
@NullMarked
package io.msgtrans.reactive.spi;

import org.jspecify.annotations.NullMarked;
