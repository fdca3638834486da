/** Packets back to back on TCP ({@code tcp}), and on TLS over TCP ({@code tcps}). */
@NullMarked
package io.msgtrans.reactive.tcp;

import org.jspecify.annotations.NullMarked;
