/** The documentation's code, compiled and run; and the documentation held against it. */
@NullMarked
package io.msgtrans.reactive.samples.docs;

import org.jspecify.annotations.NullMarked;
