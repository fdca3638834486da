/** Races of what is shared by all sessions, by jcstress: {@code jmh/stress}. */
package io.msgtrans.reactive;
