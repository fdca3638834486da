package io.msgtrans.reactive;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * How one address is listened on or connected to: TLS, time limits, and the options of its transport. Immutable: each
 * method returns a changed copy. An option that the transport of the address does not know fails {@code bind} or {@code
 * connect}. Key material and passwords are never printed.
 */
public final class EndpointOptions implements Cloneable {

    /**
     * A certificate chain and its key, as PEM files.
     *
     * @param chain the certificate, then its issuers
     * @param key PKCS#8, not encrypted
     */
    public record Certificate(Path chain, Path key) {}

    /** Whether the wire extensions are agreed on with the peer; see {@code docs/wire-extensions.md}. */
    public enum Extensions {
        /** Never offered and never accepted: the peer meets plain msgtrans v1 only. */
        OFF,
        /** Accepted, and offered where a plain peer takes no notice: everywhere but on plain TCP. */
        AUTO,
        /** Client: offered everywhere, on plain TCP as a first request that others may not understand; a must. */
        ON
    }

    /** What a server asks of its clients. */
    public enum ClientCertificate {
        /** Nothing. */
        NONE,
        /** A certificate if they have one. */
        OPTIONAL,
        /** A certificate, or the handshake fails. */
        REQUIRED
    }

    /** The defaults. */
    public static final EndpointOptions DEFAULTS = new EndpointOptions();

    // Never written after the copy that a method returns has left it; the maps are immutable.
    private Extensions extensions = Extensions.AUTO;
    private @Nullable Certificate certificate;
    private Map<String, Certificate> sniCertificates = Map.of();
    private @Nullable X509ExtendedKeyManager keys;
    private Map<String, X509ExtendedKeyManager> sniKeys = Map.of();
    private Duration certificateCheck = Duration.ofSeconds(10);
    private @Nullable Path trust;
    private @Nullable X509ExtendedTrustManager authorities;
    private ClientCertificate clientCertificate = ClientCertificate.NONE;
    private @Nullable String serverName;
    private @Nullable String pinnedCertificate;
    private boolean trustAllInsecurely;
    private boolean sharePort;
    private int sendBufferBytes;
    private int receiveBufferBytes;
    private int unsentBytes = 256 * 1024;
    private Duration busyPoll = Duration.ZERO;
    private boolean quickAck;
    private Duration handshakeTimeout = Duration.ofSeconds(10);
    private Duration connectTimeout = Duration.ofSeconds(10);
    private Map<EndpointOption<?>, Object> transportOptions = Map.of();

    private EndpointOptions() {}

    /** TLS: the certificate of this side. Needed to listen; on a client it is for mutual TLS. */
    public EndpointOptions certificate(Path chain, Path key) {
        EndpointOptions copy = copy();
        copy.certificate = new Certificate(chain, key);
        return copy;
    }

    /** TLS, server: the certificate for clients that name this host (SNI, also {@code *.example.org}). */
    public EndpointOptions certificate(String host, Path chain, Path key) {
        Map<String, Certificate> certificates = new LinkedHashMap<>(sniCertificates);
        certificates.put(host, new Certificate(chain, key));
        EndpointOptions copy = copy();
        copy.sniCertificates = Map.copyOf(certificates);
        return copy;
    }

    /** TLS: PEM file of the authorities that the peer's certificate must come from, instead of the JDK's. */
    public EndpointOptions trust(Path authorities) {
        EndpointOptions copy = copy();
        copy.trust = authorities;
        return copy;
    }

    /**
     * TLS: keys and certificates of this side from elsewhere than PEM files, which may change while they are in use ({@link
     * io.msgtrans.reactive.spi.ReplaceableKeys}); they win over {@link #certificate(Path, Path)}. Asked in each handshake, on an event
     * loop, so it must not block.
     */
    public EndpointOptions keys(X509ExtendedKeyManager keys) {
        EndpointOptions copy = copy();
        copy.keys = Objects.requireNonNull(keys, "keys");
        return copy;
    }

    /** TLS, server: the same for clients that name this host, see {@link #certificate(String, Path, Path)}. */
    public EndpointOptions keys(String host, X509ExtendedKeyManager keys) {
        Map<String, X509ExtendedKeyManager> byHost = new LinkedHashMap<>(sniKeys);
        byHost.put(host, Objects.requireNonNull(keys, "keys"));
        EndpointOptions copy = copy();
        copy.sniKeys = Map.copyOf(byHost);
        return copy;
    }

    /**
     * TLS, server: how often it is looked whether the PEM files have changed; default 10 s, zero for never, up to 1 day. Handshakes from
     * then on use what is new, open sessions stay. Files that cannot be used are told in the log, and change nothing. (Clients look
     * before each connection.)
     */
    public EndpointOptions certificateCheck(Duration every) {
        EndpointOptions copy = copy();
        copy.certificateCheck = SessionOptions.between("certificateCheck", every, Duration.ZERO, Duration.ofDays(1));
        return copy;
    }

    /**
     * TLS: who is trusted, from elsewhere than a PEM file ({@link io.msgtrans.reactive.spi.ReplaceableTrust}); wins over {@link
     * #trust(Path)}. Asked in each handshake, on an event loop, so it must not block.
     */
    public EndpointOptions authorities(X509ExtendedTrustManager authorities) {
        EndpointOptions copy = copy();
        copy.authorities = Objects.requireNonNull(authorities, "authorities");
        return copy;
    }

    /** TLS, server: whether clients must show a certificate; default no. */
    public EndpointOptions clientCertificate(ClientCertificate policy) {
        EndpointOptions copy = copy();
        copy.clientCertificate = Objects.requireNonNull(policy, "clientCertificate");
        return copy;
    }

    /** TLS, client: the name to ask for (SNI) and to check in the certificate; default the host of the URI. */
    public EndpointOptions serverName(String host) {
        EndpointOptions copy = copy();
        copy.serverName = Objects.requireNonNull(host, "serverName");
        return copy;
    }

    /**
     * TLS, client: the only certificate to accept, by its SHA-256 fingerprint in 64 hex digits (colons are ignored),
     * whatever its issuer, name and dates say.
     */
    public EndpointOptions pinnedCertificate(String sha256) {
        String digits = sha256.replace(":", "").toLowerCase(Locale.ROOT);
        if (!digits.matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException(
                    "pinnedCertificate \"" + sha256 + "\" is not a SHA-256 fingerprint of 64 hex digits");
        }
        EndpointOptions copy = copy();
        copy.pinnedCertificate = digits;
        return copy;
    }

    /** TLS, client: accepts any certificate and any name. Anyone on the way can read and change everything. */
    public EndpointOptions trustAllInsecurely() {
        EndpointOptions copy = copy();
        copy.trustAllInsecurely = true;
        return copy;
    }

    /** Server: time from accept to the end of TLS handshake and upgrade; default 10 s, 10 ms..10 min. */
    public EndpointOptions handshakeTimeout(Duration timeout) {
        EndpointOptions copy = copy();
        copy.handshakeTimeout =
                SessionOptions.between("handshakeTimeout", timeout, Duration.ofMillis(10), Duration.ofMinutes(10));
        return copy;
    }

    /** Client: time from subscription to an open session, handshakes included; default 10 s, 10 ms..10 min. */
    public EndpointOptions connectTimeout(Duration timeout) {
        EndpointOptions copy = copy();
        copy.connectTimeout =
                SessionOptions.between("connectTimeout", timeout, Duration.ofMillis(10), Duration.ofMinutes(10));
        return copy;
    }

    /**
     * Server on TCP and WebSocket: whether other processes that want so too may listen on the same port, of which each gets a
     * part of the connections ({@code SO_REUSEPORT}, Linux); default no. So a new version starts beside the old one. On QUIC it is
     * refused, as datagrams of one connection would go to both.
     */
    public EndpointOptions sharePort(boolean share) {
        EndpointOptions copy = copy();
        copy.sharePort = share;
        return copy;
    }

    public boolean isSharePort() {
        return sharePort;
    }

    /**
     * The operating system's buffers of each socket in bytes, up to 1 GiB ({@code SO_SNDBUF}, {@code SO_RCVBUF}); 0, the default, leaves
     * them to it: TCP's grow with the load then, and QUIC's sockets have 4 MiB. Linux limits both by {@code net.core.wmem_max} and {@code
     * rmem_max}.
     */
    public EndpointOptions socketBuffers(int sendBytes, int receiveBytes) {
        EndpointOptions copy = copy();
        copy.sendBufferBytes = SessionOptions.between("socketBuffers, send", sendBytes, 0, 1 << 30);
        copy.receiveBufferBytes = SessionOptions.between("socketBuffers, receive", receiveBytes, 0, 1 << 30);
        return copy;
    }

    public int sendBufferBytes() {
        return sendBufferBytes;
    }

    public int receiveBufferBytes() {
        return receiveBufferBytes;
    }

    /**
     * How much of what was written may lie unsent in the operating system's buffer of a TCP connection before it counts as full, up to 1
     * GiB ({@code TCP_NOTSENT_LOWAT}); default 256 KiB, 0 leaves it to the system, for which it is full with its send buffer. What is
     * under way to the peer does not count, so a long line is filled all the same. Less waits in front of what is urgent, a peer that
     * does not read is noticed sooner, and the memory for it stays in the processor's cache. On Linux with event loops on epoll; others
     * have no such limit.
     */
    public EndpointOptions unsentBytes(int bytes) {
        EndpointOptions copy = copy();
        copy.unsentBytes = SessionOptions.between("unsentBytes", bytes, 0, 1 << 30);
        return copy;
    }

    public int unsentBytes() {
        return unsentBytes;
    }

    /**
     * For how long a read of the socket asks the network card itself before it waits for an interrupt ({@code SO_BUSY_POLL}), up to 10 ms;
     * zero, the default, for not at all. Linux with event loops on epoll; more than {@code net.core.busy_poll} needs the capability {@code
     * CAP_NET_ADMIN}. Without effect on the loopback interface.
     */
    public EndpointOptions busyPoll(Duration time) {
        EndpointOptions copy = copy();
        copy.busyPoll = SessionOptions.between("busyPoll", time, Duration.ZERO, Duration.ofMillis(10));
        return copy;
    }

    public Duration busyPoll() {
        return busyPoll;
    }

    /**
     * Whether a new TCP connection acknowledges what it gets at once ({@code TCP_QUICKACK}), until Linux finds that it answers anyway;
     * default no. With event loops on epoll.
     */
    public EndpointOptions quickAck(boolean quick) {
        EndpointOptions copy = copy();
        copy.quickAck = quick;
        return copy;
    }

    public boolean isQuickAck() {
        return quickAck;
    }

    /** Whether to agree on our wire extensions (streams, lanes, typed errors); default {@link Extensions#AUTO}. */
    public EndpointOptions extensions(Extensions extensions) {
        EndpointOptions copy = copy();
        copy.extensions = Objects.requireNonNull(extensions, "extensions");
        return copy;
    }

    /** An option of the transport. */
    public <T> EndpointOptions with(EndpointOption<T> option, T value) {
        Map<EndpointOption<?>, Object> options = new HashMap<>(transportOptions);
        options.put(option, option.type().cast(Objects.requireNonNull(value, option.name())));
        EndpointOptions copy = copy();
        copy.transportOptions = Map.copyOf(options);
        return copy;
    }

    /** The value of a transport's option, or its default. */
    public <T> T get(EndpointOption<T> option) {
        Object value = transportOptions.get(option);
        return value == null ? option.defaultValue() : option.type().cast(value);
    }

    /** The transport's options that were set. */
    public Map<EndpointOption<?>, Object> transportOptions() {
        return transportOptions;
    }

    public @Nullable Certificate certificate() {
        return certificate;
    }

    /** Certificates by host name. */
    public Map<String, Certificate> sniCertificates() {
        return sniCertificates;
    }

    public @Nullable Path trust() {
        return trust;
    }

    /** Keys from elsewhere than files. */
    public @Nullable X509ExtendedKeyManager keys() {
        return keys;
    }

    /** Keys from elsewhere than files, by host name. */
    public Map<String, X509ExtendedKeyManager> sniKeys() {
        return sniKeys;
    }

    public Duration certificateCheck() {
        return certificateCheck;
    }

    /** Trust from elsewhere than a file. */
    public @Nullable X509ExtendedTrustManager authorities() {
        return authorities;
    }

    public ClientCertificate clientCertificate() {
        return clientCertificate;
    }

    public @Nullable String serverName() {
        return serverName;
    }

    /** SHA-256 in lower-case hex digits. */
    public @Nullable String pinnedCertificate() {
        return pinnedCertificate;
    }

    public boolean isTrustAllInsecurely() {
        return trustAllInsecurely;
    }

    public Extensions extensions() {
        return extensions;
    }

    public Duration handshakeTimeout() {
        return handshakeTimeout;
    }

    public Duration connectTimeout() {
        return connectTimeout;
    }

    /** Whether any option of TLS was set, which a transport without TLS refuses. */
    public boolean hasTls() {
        return certificate != null
                || !sniCertificates.isEmpty()
                || trust != null
                || keys != null
                || !sniKeys.isEmpty()
                || authorities != null
                || clientCertificate != ClientCertificate.NONE
                || serverName != null
                || pinnedCertificate != null
                || trustAllInsecurely;
    }

    private EndpointOptions copy() {
        try {
            return (EndpointOptions) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
