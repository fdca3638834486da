/** A small Spring Boot application: code of the page about Spring. */
@NullMarked
package io.msgtrans.reactive.samples.docs.shop;

import org.jspecify.annotations.NullMarked;
