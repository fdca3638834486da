package io.msgtrans.reactive.spi;

import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.EndpointOptions.Certificate;
import java.io.IOException;
import java.util.Map;
import java.util.WeakHashMap;

/**
 * What clients made of the PEM files of their options: made once, so that connections of one client resume each other's
 * TLS sessions, and again when a file has changed. Kept as long as the options are. Any thread that may block.
 */
public final class PemCache<T> {

    private record Entry<T>(T made, long modifiedMillis) {}

    private final Map<EndpointOptions, Entry<T>> entries = new WeakHashMap<>();

    /** Makes something of PEM files. */
    @FunctionalInterface
    public interface Reader<T> {
        /**
         * Reads them.
         *
         * @throws IOException when a file cannot be used
         */
        T read() throws IOException;
    }

    /** What was made of the files as they are now. */
    public synchronized T get(EndpointOptions endpoint, Reader<T> reader) throws IOException {
        long modifiedMillis = modifiedMillis(endpoint);
        Entry<T> present = entries.get(endpoint);
        if (present == null || present.modifiedMillis != modifiedMillis) {
            present = new Entry<>(reader.read(), modifiedMillis);
            entries.put(endpoint, present);
        }
        return present.made;
    }

    private static long modifiedMillis(EndpointOptions endpoint) {
        long newest = 0;
        if (endpoint.trust() != null) {
            newest = endpoint.trust().toFile().lastModified();
        }
        Certificate certificate = endpoint.certificate();
        if (certificate != null) {
            newest = Math.max(newest, certificate.chain().toFile().lastModified());
            newest = Math.max(newest, certificate.key().toFile().lastModified());
        }
        return newest;
    }
}
