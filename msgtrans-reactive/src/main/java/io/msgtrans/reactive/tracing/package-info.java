/**
 * Traces by Micrometer Observation: {@link io.msgtrans.reactive.tracing.ObservedTracing}. Needs {@code
 * io.micrometer:micrometer-observation}, and a bridge such as {@code micrometer-tracing-bridge-otel} for spans.
 */
@NullMarked
package io.msgtrans.reactive.tracing;

import org.jspecify.annotations.NullMarked;
