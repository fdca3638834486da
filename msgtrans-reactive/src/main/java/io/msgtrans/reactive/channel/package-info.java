/**
 * Sessions on Netty channels: the path of a packet.
 *
 * <p>Per connection there is one {@link io.msgtrans.reactive.channel.SessionHandler} in the pipeline, which turns reads
 * into packets; an <i>inbound</i> side, which gives them to the subscriber of {@code receive()} as it demands; an
 * <i>outbound</i> side, which gathers packets of all threads into one <i>batch</i> and flushes it; and the <i>pending
 * requests</i>. All of them run on the connection's event loop; what other threads may touch says so.
 */
@NullMarked
package io.msgtrans.reactive.channel;

import org.jspecify.annotations.NullMarked;
