/** The command line {@code ./msgtrans}: a server, clients and a load generator to try and to measure the library with. */
@NullMarked
package io.msgtrans.reactive.samples.cli;

import org.jspecify.annotations.NullMarked;
