/**
 * What servers, pools, balancers, groups and channels do, as Micrometer meters; {@code docs/metrics.md} has them all. Needs {@code
 * io.micrometer:micrometer-core} on the class path.
 */
@NullMarked
package io.msgtrans.reactive.metrics;

import org.jspecify.annotations.NullMarked;
