package io.msgtrans.reactive.peers;

/** A server that listens, until it is closed. */
public interface PeerServer extends AutoCloseable {

    /** The port it listens on. */
    int port();

    /** Closes its connections and stops listening. */
    @Override
    void close();
}
