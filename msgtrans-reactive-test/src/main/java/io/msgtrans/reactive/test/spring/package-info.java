/** Tests of Spring Boot applications. Needs {@code org.springframework.boot:spring-boot-test-autoconfigure}. */
@NullMarked
package io.msgtrans.reactive.test.spring;

import org.jspecify.annotations.NullMarked;
