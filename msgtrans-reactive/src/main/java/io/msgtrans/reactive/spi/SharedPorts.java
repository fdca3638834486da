package io.msgtrans.reactive.spi;

import io.msgtrans.reactive.EndpointOptions;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.unix.UnixChannelOption;
import java.net.StandardSocketOptions;
import reactor.netty.resources.LoopResources;
import reactor.netty.transport.ServerTransport;

/** Listening sockets that share their port with other processes. */
public final class SharedPorts {

    private SharedPorts() {}

    /** The server with the option set, if the endpoint wants it. */
    public static <T extends ServerTransport<T, ?>> T apply(T server, EndpointOptions endpoint) {
        if (!endpoint.isSharePort()) {
            return server;
        }
        ChannelOption<Boolean> option = LoopResources.hasNativeSupport()
                ? UnixChannelOption.SO_REUSEPORT
                : NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT);
        return server.option(option, true);
    }
}
