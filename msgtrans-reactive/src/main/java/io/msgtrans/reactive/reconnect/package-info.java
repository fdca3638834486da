/**
 * A session that outlives its connections: while one is lost the next is tried, with growing pauses, and whoever needs a session
 * waits for it.
 */
@NullMarked
package io.msgtrans.reactive.reconnect;

import org.jspecify.annotations.NullMarked;
