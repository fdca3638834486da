/** Races for tokens. */
package io.msgtrans.reactive.admission;
