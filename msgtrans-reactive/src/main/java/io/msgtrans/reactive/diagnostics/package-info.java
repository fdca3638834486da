/**
 * Why a server is slow: {@link io.msgtrans.reactive.diagnostics.Diagnosis} looks for a few seconds and names causes, each with
 * evidence and advice.
 */
@NullMarked
package io.msgtrans.reactive.diagnostics;

import org.jspecify.annotations.NullMarked;
