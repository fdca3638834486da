/**
 * Servers and clients in Spring Boot applications, from {@code msgtrans.*} properties: see {@code docs/spring.md}. Needs {@code
 * org.springframework.boot:spring-boot-autoconfigure}, version 4.1 or later.
 */
@NullMarked
package io.msgtrans.reactive.spring;

import org.jspecify.annotations.NullMarked;
