package io.msgtrans.reactive.balance;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.resolver.dns.DefaultDnsCache;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsServerAddressStreamProvider;
import io.netty.resolver.dns.DnsServerAddressStreamProviders;
import io.netty.resolver.dns.SingletonDnsServerAddressStreamProvider;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.Logger;
import reactor.util.Loggers;

/** Where the endpoints of a {@link Balancer} come from: each list replaces the one before. Any {@code Flux} of such lists will do. */
public final class Endpoints {

    private static final Logger log = Loggers.getLogger(Endpoints.class);

    private Endpoints() {}

    /** A list that stays as it is. */
    public static Flux<List<Endpoint>> of(String... uris) {
        return Flux.just(Arrays.stream(uris).map(Endpoint::of).toList()).concatWith(Mono.never());
    }

    /** A list that stays as it is. */
    public static Flux<List<Endpoint>> of(Endpoint... endpoints) {
        return Flux.just(List.of(endpoints)).concatWith(Mono.never());
    }

    /**
     * The addresses that a name has, looked up again and again with the name servers of the system.
     *
     * @param uri address whose host is the name; over TLS the name is what certificates are checked for
     * @param interval how often, 100 ms or more; answers are kept no longer than they say. A look-up that fails, or gives
     *     nothing, changes nothing and is logged.
     */
    public static Flux<List<Endpoint>> dns(String uri, Duration interval) {
        return dns(uri, interval, null);
    }

    /** As {@link #dns(String, Duration)}, asking one name server; {@code null} for those of the system. */
    public static Flux<List<Endpoint>> dns(String uri, Duration interval, @Nullable InetSocketAddress nameServer) {
        URI named = URI.create(uri);
        if (interval.compareTo(Duration.ofMillis(100)) < 0) {
            throw new IllegalArgumentException("interval " + interval + " is below 100 ms");
        }
        return Flux.using(
                        () -> new Lookup(nameServer, interval),
                        lookup -> Flux.interval(Duration.ZERO, interval, Schedulers.parallel())
                                .onBackpressureDrop()
                                .concatMap(
                                        tick -> lookup.all(named.getHost()).onErrorResume(error -> {
                                            log.warn("cannot look up {}", named.getHost(), error);
                                            return Mono.empty();
                                        }),
                                        1),
                        Lookup::close)
                .filter(addresses -> !addresses.isEmpty())
                .map(addresses -> addresses.stream()
                        .map(address -> endpoint(named, address))
                        .sorted(Comparator.comparing(endpoint -> endpoint.uri().toString()))
                        .toList())
                .distinctUntilChanged();
    }

    private static Endpoint endpoint(URI named, InetAddress address) {
        String host = address instanceof Inet6Address ? "[" + address.getHostAddress() + "]" : address.getHostAddress();
        String path = named.getRawPath() == null ? "" : named.getRawPath();
        return Endpoint.of(named.getScheme() + "://" + host + ":" + named.getPort() + path)
                .serverName(named.getHost());
    }

    /** One subscriber's look-ups. */
    private static final class Lookup {
        private final EventLoopGroup group =
                new MultiThreadIoEventLoopGroup(1, LookupThread::new, NioIoHandler.newFactory());
        private final DnsNameResolver resolver;

        Lookup(@Nullable InetSocketAddress nameServer, Duration interval) {
            DnsServerAddressStreamProvider servers = nameServer == null
                    ? DnsServerAddressStreamProviders.platformDefault()
                    : new SingletonDnsServerAddressStreamProvider(nameServer);
            int keptSeconds = (int) Math.min(interval.toSeconds(), 3600);
            resolver = new DnsNameResolverBuilder(group.next())
                    .datagramChannelFactory(NioDatagramChannel::new)
                    .nameServerProvider(servers)
                    .resolveCache(new DefaultDnsCache(0, keptSeconds, 0))
                    .build();
        }

        Mono<List<InetAddress>> all(String host) {
            return Mono.create(sink -> resolver.resolveAll(host).addListener(resolved -> {
                if (resolved.isSuccess()) {
                    @SuppressWarnings("unchecked") // what the resolver's future holds
                    List<InetAddress> addresses = (List<InetAddress>) resolved.getNow();
                    sink.success(addresses);
                } else {
                    sink.error(resolved.cause());
                }
            }));
        }

        void close() {
            resolver.close();
            var unused = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }

    /** Does nothing but look-ups, and may read the system's random numbers for them. */
    private static final class LookupThread extends FastThreadLocalThread {
        LookupThread(Runnable task) {
            super(task, "msgtrans-dns");
            setDaemon(true);
        }

        @Override
        public boolean permitBlockingCalls() {
            return true;
        }
    }
}
