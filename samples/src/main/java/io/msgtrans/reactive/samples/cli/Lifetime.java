package io.msgtrans.reactive.samples.cli;

import java.time.Duration;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** How long something that serves goes on: so many seconds, or until the process is asked to end. Then it is disposed of. */
final class Lifetime {

    private Lifetime() {}

    /** @param seconds 0 for no limit */
    static void await(long seconds, Disposable running) {
        Sinks.Empty<Void> asked = Sinks.empty();
        Thread hook = new Thread(
                () -> {
                    running.dispose();
                    asked.tryEmitEmpty();
                },
                "msgtrans-end");
        Runtime.getRuntime().addShutdownHook(hook);
        Mono<Boolean> ended = asked.asMono().thenReturn(true);
        if (seconds == 0) {
            ended.block();
        } else if (Boolean.FALSE.equals(
                ended.timeout(Duration.ofSeconds(seconds), Mono.just(false)).block())) {
            Runtime.getRuntime().removeShutdownHook(hook);
            running.dispose();
        }
    }
}
