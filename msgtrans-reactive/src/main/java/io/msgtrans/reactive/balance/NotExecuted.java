package io.msgtrans.reactive.balance;

import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.PeerException;

/** Tells errors of calls that did surely not run at the peer. */
final class NotExecuted {

    private NotExecuted() {}

    static boolean surely(Throwable error) {
        return error instanceof ConnectFailedException // no connection
                || error instanceof LimitException // refused on this side, before anything was written
                || (error instanceof PeerException peer
                        && (peer.code() == PeerException.UNAVAILABLE || peer.code() == PeerException.OVERLOADED));
    }
}
