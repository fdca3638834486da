package io.msgtrans.reactive.mem;

import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.channel.SessionHandler;
import io.msgtrans.reactive.spi.Listener;
import io.msgtrans.reactive.spi.SessionContext;
import io.msgtrans.reactive.spi.TransportProvider;
import io.msgtrans.reactive.tcp.PlainFraming;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.net.BindException;
import java.net.ConnectException;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/** {@code mem://name}: a server of this name in this process, reached without a socket or a file. */
public final class MemTransport implements TransportProvider {

    private static final int DEFAULT_MAX_PAYLOAD = (16 << 20) - Packet.HEADER_BYTES;
    private static final ConcurrentMap<String, SessionContext> LISTENERS = new ConcurrentHashMap<>();
    private static final AtomicLong CLIENTS = new AtomicLong();

    @Override
    public Set<String> schemes() {
        return Set.of("mem");
    }

    @Override
    public Mono<Listener> listen(SessionContext context) {
        return Mono.fromCallable(() -> {
            String name = context.uri().getRawAuthority();
            if (LISTENERS.putIfAbsent(name, context) != null) {
                throw new BindException("mem://" + name + " is in use");
            }
            return new MemListener(context.uri(), name, context);
        });
    }

    private record MemListener(URI uri, String name, SessionContext context) implements Listener {
        @Override
        public Mono<Void> stopAccepting() {
            return Mono.fromRunnable(() -> LISTENERS.remove(name, context));
        }
    }

    @Override
    public Mono<Session> connect(SessionContext context) {
        return Mono.create(sink -> {
            String name = context.uri().getRawAuthority();
            SessionContext server = LISTENERS.get(name);
            if (server == null) {
                sink.error(new ConnectException("nobody listens on mem://" + name));
                return;
            }
            MemAddress serverAddress = new MemAddress(name);
            MemAddress clientAddress = new MemAddress(name + "#" + CLIENTS.incrementAndGet());
            MemChannel serverEnd = new MemChannel(serverAddress, clientAddress);
            MemChannel clientEnd = new MemChannel(clientAddress, serverAddress);
            MemChannel.connect(serverEnd, clientEnd);
            accept(server, serverEnd, clientEnd, context, sink);
        });
    }

    private static void accept(
            SessionContext server,
            MemChannel serverEnd,
            MemChannel clientEnd,
            SessionContext client,
            MonoSink<Session> sink) {
        EventLoop serverLoop = server.loops().onServer(true).next();
        serverLoop.register(serverEnd).addListener(registered -> {
            if (!registered.isSuccess() || !server.admit(serverEnd)) {
                giveUp(serverEnd);
                sink.error(
                        new ConnectException("refused by mem://" + server.uri().getRawAuthority()));
                return;
            }
            try {
                boolean extended = server.endpoint().extensions() != Extensions.OFF
                        && client.endpoint().extensions() != Extensions.OFF;
                install(serverEnd, server, extended);
                open(clientEnd, client, extended, sink);
            } catch (RuntimeException failed) {
                serverEnd.close();
                sink.error(failed);
            }
        });
    }

    private static void open(MemChannel end, SessionContext context, boolean extended, MonoSink<Session> sink) {
        EventLoop loop = context.loops().onClient(true).next();
        sink.onCancel(() -> loop.execute(() -> giveUp(end)));
        loop.register(end).addListener(registered -> {
            if (!registered.isSuccess()) {
                giveUp(end);
                sink.error(registered.cause());
                return;
            }
            try {
                sink.success(install(end, context, extended));
            } catch (RuntimeException failed) {
                end.close();
                sink.error(failed);
            }
        });
    }

    /** Also before it was registered, when nothing can be asked of its event loop. */
    private static void giveUp(MemChannel end) {
        if (end.isRegistered()) {
            end.close();
        } else {
            end.unsafe().closeForcibly();
        }
    }

    private static Session install(Channel channel, SessionContext context, boolean extended) {
        SessionHandler handler =
                context.handler(new PlainFraming(context.options().maxPayloadOr(DEFAULT_MAX_PAYLOAD)), null, extended);
        channel.pipeline().addLast(handler);
        return handler.session();
    }
}
