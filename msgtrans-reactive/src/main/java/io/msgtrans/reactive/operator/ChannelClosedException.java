package io.msgtrans.reactive.operator;

import org.jspecify.annotations.Nullable;

/** An item was sent to a channel that was closed; it was not taken. */
public final class ChannelClosedException extends IllegalStateException {

    private static final long serialVersionUID = 1L;

    /** @param cause what the channel was closed with, or {@code null} */
    ChannelClosedException(@Nullable Throwable cause) {
        super("the channel is closed", cause);
    }
}
