/** Moving traffic from an old version of a service to a new one in steps, watching it, and going back when it got worse. */
@NullMarked
package io.msgtrans.reactive.upgrade;

import org.jspecify.annotations.NullMarked;
