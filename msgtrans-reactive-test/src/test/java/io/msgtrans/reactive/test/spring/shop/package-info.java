/** A small Spring Boot application, for tests of the slice. */
@NullMarked
package io.msgtrans.reactive.test.spring.shop;

import org.jspecify.annotations.NullMarked;
