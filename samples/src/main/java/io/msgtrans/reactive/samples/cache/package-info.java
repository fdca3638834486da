/**
 * A cache of several nodes: get, set, delete, sets in batches. Every node holds everything; a write is answered when all nodes that
 * are there have it. Clients choose the node of a key by consistent hash, and the next one when that is gone.
 */
@NullMarked
package io.msgtrans.reactive.samples.cache;

import org.jspecify.annotations.NullMarked;
