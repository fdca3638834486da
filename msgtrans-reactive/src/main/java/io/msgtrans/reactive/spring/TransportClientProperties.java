package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.Preset;
import io.msgtrans.reactive.pool.PoolOptions;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The client.
 *
 * @param uri the server's address; there is a client and a pool when it is set
 * @param uris addresses of servers that do the same; there is a balancer when some are set
 * @param preset settings that belong together: {@code balanced}, {@code high-throughput}, {@code low-latency} or {@code constrained}
 * @param connectTimeout until a session is open
 * @param requestTimeout how long requests wait
 * @param sslBundle name of an SSL bundle: authorities that are trusted, and the client's certificate for mutual TLS
 * @param trust PEM file with the authorities that the server's certificate must come from
 * @param poolMin sessions that are kept open, in the pool; by default 1, or the preset's
 * @param poolMax sessions that there may be; by default 8, or the preset's
 * @param poolStart when the first are opened: {@code lazy}, {@code background} or {@code warm_up}
 */
@ConfigurationProperties("msgtrans.client")
public record TransportClientProperties(
        @Nullable String uri,
        @DefaultValue List<String> uris,
        @Nullable Preset preset,
        @DefaultValue("10s") Duration connectTimeout,
        @DefaultValue("10s") Duration requestTimeout,
        @Nullable String sslBundle,
        @Nullable String trust,
        @Nullable Integer poolMin,
        @Nullable Integer poolMax,
        PoolOptions.@Nullable Start poolStart) {}
