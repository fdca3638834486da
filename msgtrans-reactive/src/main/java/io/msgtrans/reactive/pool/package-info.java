/**
 * Sessions of one address kept ready: shared ones, handed out by load, and exclusive ones. On reactor-pool, which owns the
 * queue of those who wait, idle sessions and their eviction; ours are growth, health and sharing.
 */
@NullMarked
package io.msgtrans.reactive.pool;

import org.jspecify.annotations.NullMarked;
