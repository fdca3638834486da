/** Who may come in to a server, and how much they may ask for: authentication, rates, load shedding. */
@NullMarked
package io.msgtrans.reactive.admission;

import org.jspecify.annotations.NullMarked;
