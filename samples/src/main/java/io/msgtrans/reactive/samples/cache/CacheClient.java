package io.msgtrans.reactive.samples.cache;

import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.balance.Balancer;
import io.msgtrans.reactive.balance.BalancerOptions;
import io.msgtrans.reactive.balance.Balancing;
import io.msgtrans.reactive.balance.Endpoints;
import io.msgtrans.reactive.health.HeartbeatOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The client of a cache: each key has its node, and another one while that is away. */
public final class CacheClient implements Disposable {

    /** All calls may run twice: a get changes nothing, and of two equal writes the later one stays. */
    private static final BalancerOptions OPTIONS = BalancerOptions.DEFAULTS
            .balancing(Balancing.consistentHash(Packet::extHeaderText))
            .client(client -> client.endpoint(o -> o.extensions(Extensions.ON).connectTimeout(Duration.ofSeconds(2)))
                    .session(o -> o.heartbeat(HeartbeatOptions.OFF.interval(Duration.ofMillis(300)))))
            .attempts(6)
            .retryBudget(1, 10_000)
            .attemptTimeout(Duration.ofSeconds(3))
            .eject(3, 0.5)
            .probe(CacheProtocol.get(""))
            .ejection(Duration.ofMillis(250), Duration.ofSeconds(1));

    private final Balancer nodes;

    private CacheClient(Balancer nodes) {
        this.nodes = nodes;
    }

    /** A client of nodes. */
    public static CacheClient of(List<String> uris) {
        return new CacheClient(Balancer.of(Endpoints.of(uris.toArray(String[]::new)), OPTIONS));
    }

    /** The value of a key; empty when there is none. */
    public Mono<byte[]> get(String key) {
        return nodes.requestIdempotent(CacheProtocol.get(key))
                .filter(answer -> answer.bizType() != CacheProtocol.NOTHING)
                .map(Packet::payload);
    }

    /** Sets a value; completes when all nodes that are there have it. */
    public Mono<Void> set(String key, byte[] value) {
        return nodes.requestIdempotent(CacheProtocol.set(key, value)).then();
    }

    /** Takes a value away; completes when all nodes that are there know that. */
    public Mono<Void> delete(String key) {
        return nodes.requestIdempotent(CacheProtocol.delete(key)).then();
    }

    /** Sets many values on one stream; gives how many, when all nodes that are there have them. */
    public Mono<Long> setAll(Map<String, byte[]> values) {
        Packet anyNode = CacheProtocol.get("");
        Flux<Packet> items = Flux.fromIterable(values.entrySet())
                .map(entry -> Packet.builder(PacketType.ONE_WAY)
                        .bizType(CacheProtocol.SET)
                        .extHeader(entry.getKey())
                        .payload(entry.getValue())
                        .build());
        return nodes.use(anyNode, session -> session.sendStream(items))
                .single()
                .map(answer -> Long.parseLong(answer.payloadText()));
    }

    /** How the nodes do. */
    public Balancer nodes() {
        return nodes;
    }

    @Override
    public void dispose() {
        nodes.dispose();
    }
}
