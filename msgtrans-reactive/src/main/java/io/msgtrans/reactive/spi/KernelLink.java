package io.msgtrans.reactive.spi;

import io.msgtrans.reactive.LinkStats;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import reactor.core.publisher.Mono;

/** What Linux knows of a TCP connection ({@code TCP_INFO}), where Netty's epoll transport is in use. */
final class KernelLink {

    private KernelLink() {}

    static Mono<LinkStats> of(Channel channel) {
        return channel instanceof EpollSocketChannel tcp
                ? Mono.fromSupplier(() -> read(tcp)).onErrorComplete(ChannelException.class) // it was closed in between
                : Mono.empty();
    }

    private static LinkStats read(EpollSocketChannel channel) {
        EpollTcpInfo info = channel.tcpInfo();
        return new LinkStats(Duration.of(info.rtt(), ChronoUnit.MICROS), 0, info.totalRetrans());
    }
}
