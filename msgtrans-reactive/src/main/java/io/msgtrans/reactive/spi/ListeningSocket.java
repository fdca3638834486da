package io.msgtrans.reactive.spi;

import io.netty.channel.Channel;
import io.netty.channel.nio.AbstractNioChannel;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import reactor.core.publisher.Mono;
import reactor.netty.FutureMono;

/** A socket that holds an address until it is closed. */
public final class ListeningSocket {

    private static final long NEXT_LOOK_MILLIS = 1;

    private ListeningSocket() {}

    /** Closes a socket; completes when another may bind the address. */
    public static Mono<Void> close(Channel channel) {
        return Mono.defer(() -> {
            channel.close();
            return FutureMono.from(
                            channel.closeFuture()) // also where the event loop has ended, and with it the channel
                    .then(Mono.create(sink -> complete(channel, sink::success)));
        });
    }

    /**
     * On NIO the operating system's socket lives on behind the end of Netty's, until the selector has let go of it on
     * its next turn.
     */
    private static void complete(Channel channel, Runnable released) {
        if (!(channel instanceof AbstractNioChannel nio) || !nio.unsafe().ch().isRegistered()) {
            released.run();
            return;
        }
        try {
            channel.eventLoop()
                    .schedule(() -> {}, NEXT_LOOK_MILLIS, TimeUnit.MILLISECONDS)
                    .addListener(turn -> {
                        if (turn.isSuccess()) {
                            complete(channel, released);
                        } else {
                            released.run(); // the event loop ends, and its selector with it
                        }
                    });
        } catch (RejectedExecutionException loopHasEnded) {
            released.run();
        }
    }
}
