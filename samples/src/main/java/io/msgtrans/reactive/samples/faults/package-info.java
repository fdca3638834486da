/**
 * What clients do when servers, links and names fail: real processes are killed, held, cut off and restarted under load, and what was
 * lost is counted.
 */
@NullMarked
package io.msgtrans.reactive.samples.faults;

import org.jspecify.annotations.NullMarked;
