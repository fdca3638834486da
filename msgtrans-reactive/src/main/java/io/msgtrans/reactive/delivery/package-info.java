/**
 * Delivery with acknowledgement between our own peers: at least once across lost connections, duplicates removed at the
 * receiver, what was given up reported to it as a gap.
 */
@NullMarked
package io.msgtrans.reactive.delivery;

import org.jspecify.annotations.NullMarked;
