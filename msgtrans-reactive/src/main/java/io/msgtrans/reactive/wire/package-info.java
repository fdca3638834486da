/**
 * The msgtrans v1 wire format: the checks of a header, and the compression of payloads.
 *
 * <p>A <i>packet</i> is header, extension header and payload; a <i>frame</i> is a packet with what the transport puts
 * around it (nothing on TCP, a WebSocket frame, a length on QUIC). Frames belong to the transports.
 */
@NullMarked
package io.msgtrans.reactive.wire;

import org.jspecify.annotations.NullMarked;
