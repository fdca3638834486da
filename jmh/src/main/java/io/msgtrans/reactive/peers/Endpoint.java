package io.msgtrans.reactive.peers;

import io.netty.channel.Channel;
import java.util.function.Consumer;

/** What a hand-written Netty contestant listens and connects with. */
interface Endpoint extends AutoCloseable {

    /** Listens on the loopback interface, calling the consumer for each channel. The returned server closes this. */
    PeerServer listen(int port, Consumer<Channel> pipeline) throws Exception;

    /** Opens a channel. */
    void connect(String host, int port, Consumer<Channel> pipeline) throws Exception;

    /** Closes every channel and waits for the event loops to end. */
    @Override
    void close();
}
