package io.msgtrans.reactive.samples.gateway;

/** What something costs. */
public record Quote(String symbol, double price, long timeMillis) {}
