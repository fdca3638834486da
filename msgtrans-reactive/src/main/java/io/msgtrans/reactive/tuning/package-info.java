/**
 * Settings that follow the load: {@link io.msgtrans.reactive.tuning.Tuner} looks at a monitor, and gives advice, or turns {@link
 * io.msgtrans.reactive.tuning.Knob}s within their bounds and takes back what made things worse.
 */
@NullMarked
package io.msgtrans.reactive.tuning;

import org.jspecify.annotations.NullMarked;
