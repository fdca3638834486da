package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.ConnectionLostException;

/** Something that an {@link Outbound} asks in turn for packets when the socket takes more. Event loop only. */
abstract class Sender {

    /** Whether it goes before other senders; changed by its outbound. */
    boolean urgent;

    /** The outbound knows it; it may ask its publisher. */
    void registered() {}

    /** Encodes up to a number of waiting packets; false when none is left. */
    abstract boolean drain(int max);

    /** Asks its publisher for more if little is left of what was asked for and the socket takes it. */
    void replenish() {}

    /** Whether nothing more will come; then it ends. */
    abstract boolean endIfDone();

    /** The session closes in an orderly way: nothing more is taken, what was taken is written, then this fails. */
    abstract void stop(Throwable error);

    /** The connection is gone. */
    abstract void fail(ConnectionLostException lost);

    /** Whether nothing waits to be encoded. */
    abstract boolean queueIsEmpty();
}
