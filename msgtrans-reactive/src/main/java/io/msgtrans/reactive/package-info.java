/**
 * Message connections as {@code Flux} and {@code Mono}: the types that every user meets.
 *
 * <p>A {@link io.msgtrans.reactive.TransportServer} listens on one or more URIs, a {@link
 * io.msgtrans.reactive.TransportClient} connects to one; both give {@link io.msgtrans.reactive.Session}s, which carry
 * {@link io.msgtrans.reactive.Packet}s. What goes wrong is a {@link io.msgtrans.reactive.TransportException}, whose
 * kind says what to do about it.
 */
@NullMarked
package io.msgtrans.reactive;

import org.jspecify.annotations.NullMarked;
