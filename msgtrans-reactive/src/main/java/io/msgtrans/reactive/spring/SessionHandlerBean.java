package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.Session;
import org.reactivestreams.Publisher;

/** What the server does with its sessions, as a bean; a {@code Router} bean is the other way. */
@FunctionalInterface
public interface SessionHandlerBean {

    /** As {@code TransportServer.handle}. */
    Publisher<Void> handle(Session session);
}
