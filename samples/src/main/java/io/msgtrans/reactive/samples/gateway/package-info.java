/**
 * Gateway: a Spring WebFlux application between HTTP and packets. HTTP requests become packets to a pricing server, and its stream becomes
 * server-sent events and packets to browsers; packets of devices become HTTP requests to an archive.
 */
@NullMarked
package io.msgtrans.reactive.samples.gateway;

import org.jspecify.annotations.NullMarked;
