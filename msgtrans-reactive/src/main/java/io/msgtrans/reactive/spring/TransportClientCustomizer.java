package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.TransportClient;
import java.util.function.UnaryOperator;

/** A bean that changes the client, or each client of the balancer, behind the properties; several are applied in their order. */
@FunctionalInterface
public interface TransportClientCustomizer extends UnaryOperator<TransportClient> {}
