package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.TransportServer;
import java.util.function.UnaryOperator;

/** A bean that changes the server before it is bound, behind the properties; several are applied in their order. */
@FunctionalInterface
public interface TransportServerCustomizer extends UnaryOperator<TransportServer> {}
