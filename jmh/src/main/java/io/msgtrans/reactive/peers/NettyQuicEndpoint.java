package io.msgtrans.reactive.peers;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.codec.quic.InsecureQuicTokenHandler;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicCodecBuilder;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The same over QUIC: one stream for each connection, windows as this toolkit has them. */
final class NettyQuicEndpoint implements Endpoint {

    private static final String ALPN = "peers";
    private static final int SOCKET_BUFFER_BYTES = 4 << 20;
    /** {@code MAX_DATAGRAM_SIZE} of Netty itself. */
    static final int UDP_PAYLOAD_BYTES = 1350;

    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(
            Runtime.getRuntime().availableProcessors(),
            Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());

    @Override
    public PeerServer listen(int port, Consumer<Channel> pipeline) throws Exception {
        X509Bundle certificate = new CertificateBuilder()
                .ecp256()
                .subject("CN=localhost")
                .addSanDnsName("localhost")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        QuicSslContext tls = QuicSslContextBuilder.forServer(
                        certificate.getKeyPair().getPrivate(), null, certificate.getCertificatePath())
                .applicationProtocols(ALPN)
                .build();
        Channel server = socket(
                new InetSocketAddress(NetUtil.LOCALHOST4, port),
                apply(new QuicServerCodecBuilder())
                        .tokenHandler(InsecureQuicTokenHandler.INSTANCE)
                        .sslContext(tls)
                        .handler(new ChannelInboundHandlerAdapter() {
                            @Override
                            public boolean isSharable() {
                                return true;
                            }
                        })
                        .streamHandler(initializer(pipeline))
                        .build());
        int boundPort = ((InetSocketAddress) server.localAddress()).getPort();
        return new PeerServer() {
            @Override
            public int port() {
                return boundPort;
            }

            @Override
            public void close() {
                NettyQuicEndpoint.this.close();
            }
        };
    }

    @Override
    public void connect(String host, int port, Consumer<Channel> pipeline) throws Exception {
        QuicSslContext tls = QuicSslContextBuilder.forClient()
                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                .applicationProtocols(ALPN)
                .build();
        Channel socket = socket(
                new InetSocketAddress("0.0.0.0", 0),
                apply(new QuicClientCodecBuilder())
                        .sslEngineProvider(connection -> tls.newEngine(connection.alloc(), "localhost", port))
                        .build());
        QuicChannel connection = QuicChannel.newBootstrap(socket)
                .handler(new ChannelInboundHandlerAdapter())
                .remoteAddress(new InetSocketAddress(host, port))
                .connect()
                .sync()
                .getNow();
        connection
                .createStream(QuicStreamType.BIDIRECTIONAL, initializer(pipeline))
                .sync();
    }

    private Channel socket(InetSocketAddress address, ChannelHandler codec) throws InterruptedException {
        return new Bootstrap()
                .group(group)
                .channel(Epoll.isAvailable() ? EpollDatagramChannel.class : NioDatagramChannel.class)
                .option(ChannelOption.SO_RCVBUF, SOCKET_BUFFER_BYTES)
                .option(ChannelOption.SO_SNDBUF, SOCKET_BUFFER_BYTES)
                .handler(codec)
                .bind(address)
                .sync()
                .channel();
    }

    private static <B extends QuicCodecBuilder<B>> B apply(B codec) {
        return codec.maxIdleTimeout(30, TimeUnit.SECONDS)
                .initialMaxData(3 << 19)
                .initialMaxStreamDataBidirectionalLocal(1 << 20)
                .initialMaxStreamDataBidirectionalRemote(1 << 20)
                .initialMaxStreamsBidirectional(1)
                .maxRecvUdpPayloadSize(65_527)
                .maxSendUdpPayloadSize(UDP_PAYLOAD_BYTES);
    }

    private static ChannelHandler initializer(Consumer<Channel> pipeline) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.config().setRecvByteBufAllocator(NettyEndpoint.readSizes());
                pipeline.accept(channel);
            }

            @Override
            public boolean isSharable() {
                return true;
            }
        };
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(10, TimeUnit.SECONDS);
    }
}
