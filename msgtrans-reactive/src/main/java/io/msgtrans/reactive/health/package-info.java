/**
 * Whether the peer of a session is there, and how well it answers: heartbeats, round-trip times, and four states that pools,
 * balancers and reconnecting sessions act on.
 */
@NullMarked
package io.msgtrans.reactive.health;

import org.jspecify.annotations.NullMarked;
