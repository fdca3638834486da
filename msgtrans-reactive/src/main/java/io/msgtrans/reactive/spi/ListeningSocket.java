package io.msgtrans.reactive.spi;

import io.netty.channel.Channel;
import io.netty.channel.nio.AbstractNioChannel;
import java.util.concurrent.TimeUnit;
import reactor.core.publisher.Mono;

/** A socket that holds an address until it is closed. */
public final class ListeningSocket {

    private static final long NEXT_LOOK_MILLIS = 1;

    private ListeningSocket() {}

    /** Closes a socket; completes on its event loop when another may bind the address. */
    public static Mono<Void> close(Channel channel) {
        return Mono.create(sink -> channel.close().addListener(closed -> complete(channel, sink::success)));
    }

    /**
     * On NIO the operating system's socket lives on behind the end of Netty's, until the selector has let go of it on
     * its next turn.
     */
    private static void complete(Channel channel, Runnable released) {
        if (channel instanceof AbstractNioChannel nio && nio.unsafe().ch().isRegistered()) {
            channel.eventLoop()
                    .schedule(() -> {}, NEXT_LOOK_MILLIS, TimeUnit.MILLISECONDS)
                    .addListener(turn -> {
                        if (turn.isSuccess()) {
                            complete(channel, released);
                        } else { // the event loop ends, and its selector with it
                            released.run();
                        }
                    });
        } else {
            released.run();
        }
    }
}
