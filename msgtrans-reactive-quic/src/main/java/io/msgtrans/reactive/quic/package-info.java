/**
 * Sessions over QUIC v1 with TLS 1.3 ({@code quic}), on Netty's codec: one bidirectional stream, opened by the client,
 * carries the packets of both directions.
 */
@NullMarked
package io.msgtrans.reactive.quic;

import org.jspecify.annotations.NullMarked;
