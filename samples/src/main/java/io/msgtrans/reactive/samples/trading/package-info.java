/** Trading: a client sends orders at a fixed rate over QUIC, and measures when their execution reports come back. */
@NullMarked
package io.msgtrans.reactive.samples.trading;

import org.jspecify.annotations.NullMarked;
