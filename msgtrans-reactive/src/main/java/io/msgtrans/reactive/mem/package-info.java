/** Sessions within one process ({@code mem://name}): for tests, and for services that live together. */
@NullMarked
package io.msgtrans.reactive.mem;

import org.jspecify.annotations.NullMarked;
