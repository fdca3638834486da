/** A mixed load over all transports for hours, with faults, and what drifted. */
@NullMarked
package io.msgtrans.reactive.samples.soak;

import org.jspecify.annotations.NullMarked;
