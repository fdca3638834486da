/**
 * Races in the state that threads share, by jcstress: {@code jmh/stress}. In the package of what they test, which is not public.
 */
package io.msgtrans.reactive.channel;
