/** Servers in processes of their own, which samples start, stop, hold and kill. */
@NullMarked
package io.msgtrans.reactive.samples.process;

import org.jspecify.annotations.NullMarked;
