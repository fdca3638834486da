package io.msgtrans.reactive.spring;

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
 * @param connectTimeout until a session is open
 * @param requestTimeout how long requests wait
 * @param sslBundle name of an SSL bundle: authorities that are trusted, and the client's certificate for mutual TLS
 * @param trust PEM file with the authorities that the server's certificate must come from
 * @param poolMin sessions that are kept open, in the pool
 * @param poolMax sessions that there may be
 * @param poolStart when the first are opened: {@code lazy}, {@code background} or {@code warm_up}
 */
@ConfigurationProperties("msgtrans.client")
public record TransportClientProperties(
        @Nullable String uri,
        @DefaultValue List<String> uris,
        @DefaultValue("10s") Duration connectTimeout,
        @DefaultValue("10s") Duration requestTimeout,
        @Nullable String sslBundle,
        @Nullable String trust,
        @DefaultValue("1") int poolMin,
        @DefaultValue("8") int poolMax,
        @DefaultValue("background") PoolOptions.Start poolStart) {}
