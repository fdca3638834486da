/** The first program of the documentation. */
@NullMarked
package io.msgtrans.reactive.samples.docs.first;

import org.jspecify.annotations.NullMarked;
