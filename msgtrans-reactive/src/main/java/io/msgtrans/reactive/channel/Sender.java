package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.ConnectionLostException;

/** Something that brings packets to an {@link Outbound}: asked in turn, when the socket takes more. Event loop only. */
abstract class Sender {

    /** The outbound knows it; it may ask its publisher. */
    abstract void registered();

    /** Encodes up to a number of waiting packets; false when none is left. */
    abstract boolean drain(int max);

    /** Asks its publisher for more if little is left of what was asked for and the socket takes it. */
    abstract void replenish();

    /** Whether nothing more will come; then it ends. */
    abstract boolean endIfDone();

    /** Whether nothing waits to be encoded. */
    abstract boolean queueIsEmpty();

    /** The session closes in an orderly way: nothing more is taken, what was taken is written, then this fails. */
    abstract void stop(Throwable error);

    /** The connection is gone. */
    abstract void fail(ConnectionLostException lost);
}
