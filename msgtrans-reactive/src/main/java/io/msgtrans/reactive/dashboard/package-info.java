/**
 * A page that shows how a server does, and the feed behind it, which speaks packets over a WebSocket; see {@code docs/observing.md}.
 * Needs {@code tools.jackson.core:jackson-databind}.
 */
@NullMarked
package io.msgtrans.reactive.dashboard;

import org.jspecify.annotations.NullMarked;
