/** Packets as binary messages of WebSocket ({@code ws}), and over TLS ({@code wss}); RFC 6455, version 13. */
@NullMarked
package io.msgtrans.reactive.websocket;

import org.jspecify.annotations.NullMarked;
