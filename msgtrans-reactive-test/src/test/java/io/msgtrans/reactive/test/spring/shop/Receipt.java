package io.msgtrans.reactive.test.spring.shop;

/** What is answered. */
public record Receipt(String text) {}
