package io.msgtrans.reactive;

import io.msgtrans.reactive.EndpointOptions.Certificate;
import io.msgtrans.reactive.spi.PemFiles;
import io.msgtrans.reactive.spi.ReplaceableKeys;
import io.msgtrans.reactive.spi.ReplaceableTrust;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.scheduler.Schedulers;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * The PEM files of a listener's options, read when it begins, and again when they have changed. What cannot be used is told in the log,
 * and the last that could be stays.
 */
final class CertificateFiles implements Disposable {

    private static final Logger log = Loggers.getLogger(TransportServer.class);

    private final List<Watched> watched = new ArrayList<>();
    private final EndpointOptions endpoint;
    private final Disposable checking;

    /**
     * Reads them; not to be called on an event loop.
     *
     * @throws IOException when one cannot be used
     */
    CertificateFiles(EndpointOptions from) throws IOException {
        EndpointOptions read = from;
        Certificate certificate = from.certificate();
        if (certificate != null && from.keys() == null) {
            read = read.keys(keys(certificate));
        }
        for (Map.Entry<String, Certificate> entry : from.sniCertificates().entrySet()) {
            read = read.keys(entry.getKey(), keys(entry.getValue()));
        }
        Path trust = from.trust();
        if (trust != null && from.authorities() == null) {
            Watched files = watch(List.of(trust));
            ReplaceableTrust replaceable = new ReplaceableTrust(PemFiles.trust(trust));
            files.reload = () -> replaceable.replace(PemFiles.trust(trust));
            read = read.authorities(replaceable);
        }
        this.endpoint = read;
        Duration every = from.certificateCheck();
        this.checking = watched.isEmpty() || every.isZero()
                ? Disposables.disposed()
                : Schedulers.boundedElastic()
                        .schedulePeriodically(
                                () -> watched.forEach(Watched::check),
                                every.toNanos(),
                                every.toNanos(),
                                TimeUnit.NANOSECONDS);
    }

    private ReplaceableKeys keys(Certificate certificate) throws IOException {
        Watched files = watch(List.of(certificate.chain(), certificate.key()));
        ReplaceableKeys replaceable = new ReplaceableKeys(PemFiles.keys(certificate));
        files.reload = () -> replaceable.replace(PemFiles.keys(certificate));
        return replaceable;
    }

    /** Before they are read: a change while they are is seen by the next check. */
    private Watched watch(List<Path> files) {
        Watched watch = new Watched(files);
        watched.add(watch);
        return watch;
    }

    /** The options with what the files hold in place of the files. */
    EndpointOptions endpoint() {
        return endpoint;
    }

    @Override
    public void dispose() {
        checking.dispose();
    }

    @FunctionalInterface
    private interface Reload {
        void run() throws IOException;
    }

    /** Files that belong together. One check at a time. */
    private static final class Watched {
        private final List<Path> files;
        private Reload reload = () -> {};
        private List<String> seen;

        Watched(List<Path> files) {
            this.files = files;
            this.seen = state();
        }

        private List<String> state() {
            return files.stream().map(Watched::state).toList();
        }

        private static String state(Path file) {
            try {
                return Files.getLastModifiedTime(file) + " " + Files.size(file);
            } catch (IOException gone) {
                return "gone";
            }
        }

        void check() {
            List<String> now = state();
            if (now.equals(seen)) {
                return;
            }
            seen = now;
            try {
                reload.run();
                log.info("{} changed: handshakes from now on use it", files);
            } catch (IOException | RuntimeException unusable) {
                log.warn(
                        "{} changed and cannot be used, what was read before stays: {}",
                        files,
                        Causes.describe(unusable));
            }
        }
    }
}
