/**
 * How a server does: times of requests ({@link io.msgtrans.reactive.monitor.Timings}), snapshots with their history, what is
 * unusual in them, and alerts.
 */
@NullMarked
package io.msgtrans.reactive.monitor;

import org.jspecify.annotations.NullMarked;
