/** Microbenchmarks: one class per question, parameters in the source. */
@NullMarked
package io.msgtrans.reactive.jmh;

import org.jspecify.annotations.NullMarked;
