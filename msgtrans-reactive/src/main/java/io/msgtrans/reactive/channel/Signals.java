package io.msgtrans.reactive.channel;

import org.reactivestreams.Subscriber;
import reactor.core.Exceptions;
import reactor.util.Logger;
import reactor.util.Loggers;

/** Last signals to subscribers of others: one that throws at them, which none may, is told in the log, and the next gets its own. */
final class Signals {

    private static final Logger log = Loggers.getLogger(Signals.class);

    private Signals() {}

    static void error(Subscriber<?> subscriber, Throwable error) {
        try {
            subscriber.onError(error);
        } catch (Throwable thrown) {
            Exceptions.throwIfJvmFatal(thrown);
            log.warn("onError of {} failed", subscriber, thrown);
        }
    }

    static void complete(Subscriber<?> subscriber) {
        try {
            subscriber.onComplete();
        } catch (Throwable thrown) {
            Exceptions.throwIfJvmFatal(thrown);
            log.warn("onComplete of {} failed", subscriber, thrown);
        }
    }
}
