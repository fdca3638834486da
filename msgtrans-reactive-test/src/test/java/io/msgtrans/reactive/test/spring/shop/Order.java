package io.msgtrans.reactive.test.spring.shop;

import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Positive;

/** What is ordered. */
public record Order(@NotBlank String symbol, @Positive int amount) {}
