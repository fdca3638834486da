package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.EndpointOptions.ClientCertificate;
import io.msgtrans.reactive.Preset;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The server.
 *
 * @param enabled whether there is one
 * @param listen addresses, such as {@code tcp://0.0.0.0:8001}
 * @param webPath path on the application's own WebFlux server where sessions come from WebSocket upgrades, such as {@code /feed}
 * @param allowedOrigins origins whose pages may open sessions over WebSocket besides those of the own host; {@code *} for all
 * @param preset settings that belong together: {@code balanced}, {@code high-throughput}, {@code low-latency} or {@code constrained}
 * @param maxSessions sessions at one time; by default 100,000, or the preset's
 * @param maxSessionsPerAddress the same from one IP address; 0 for no limit
 * @param drainTimeout how long sessions have to finish when the application stops
 * @param requestTimeout how long requests of this side wait
 * @param idleTimeout closes sessions from which nothing arrived for so long; zero for never
 * @param maxPayload largest payload in bytes; 0 for what suits the transport
 * @param sslBundle name of an SSL bundle, for addresses with TLS: the server's certificate, and who may come in
 * @param clientCertificate whether clients must show a certificate: {@code none}, {@code optional} or {@code required}
 * @param certificate PEM file with the certificate chain, for addresses with TLS
 * @param key PEM file with its private key
 */
@ConfigurationProperties("msgtrans.server")
public record TransportServerProperties(
        @DefaultValue("true") boolean enabled,
        @DefaultValue List<String> listen,
        @Nullable String webPath,
        @DefaultValue List<String> allowedOrigins,
        @Nullable Preset preset,
        @Nullable Integer maxSessions,
        @DefaultValue("0") int maxSessionsPerAddress,
        @DefaultValue("30s") Duration drainTimeout,
        @DefaultValue("10s") Duration requestTimeout,
        @DefaultValue("0s") Duration idleTimeout,
        @DefaultValue("0") int maxPayload,
        @Nullable String sslBundle,
        @DefaultValue("none") ClientCertificate clientCertificate,
        @Nullable String certificate,
        @Nullable String key) {}
