/** Scale: very many sessions on one server, and what each of them costs. */
@NullMarked
package io.msgtrans.reactive.samples.scale;

import org.jspecify.annotations.NullMarked;
