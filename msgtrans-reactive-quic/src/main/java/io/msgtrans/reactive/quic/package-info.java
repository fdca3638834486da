/** Sessions over QUIC; holds nothing yet. */
@NullMarked
package io.msgtrans.reactive.quic;

import org.jspecify.annotations.NullMarked;
