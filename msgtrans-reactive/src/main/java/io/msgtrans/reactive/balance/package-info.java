/**
 * Calls spread over several endpoints: who gets the next one ({@link io.msgtrans.reactive.balance.Balancing}), which endpoints
 * there are ({@link io.msgtrans.reactive.balance.Endpoints}), who is left out for a while because it fails, and what is tried
 * again. A <em>node</em> is an endpoint with its pool of sessions and what is known of it.
 */
@NullMarked
package io.msgtrans.reactive.balance;

import org.jspecify.annotations.NullMarked;
