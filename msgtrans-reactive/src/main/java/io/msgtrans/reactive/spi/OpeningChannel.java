package io.msgtrans.reactive.spi;

import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The channel of a connection that is being opened, closed when that is given up: a connection that comes behind the cancel would be
 * dropped on its way, and stay open for ever. One for each attempt; any thread.
 */
public final class OpeningChannel {

    private volatile @Nullable Channel channel;
    private volatile boolean givenUp;

    /** The channel was made. */
    public void made(Channel channel) {
        this.channel = channel;
        if (givenUp) {
            channel.close();
        }
    }

    /** Whether the connect was cancelled. */
    public boolean isGivenUp() {
        return givenUp;
    }

    /** An opening that closes the channel, made already or still to be made, when it is cancelled. */
    public <T> Mono<T> closedByCancel(Mono<T> opening) {
        return opening.doOnCancel(() -> {
            givenUp = true;
            Channel made = channel;
            if (made != null && made.isRegistered()) {
                made.close();
            }
        });
    }
}
