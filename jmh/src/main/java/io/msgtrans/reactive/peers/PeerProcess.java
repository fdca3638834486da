package io.msgtrans.reactive.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A server or client process. Its standard input stays open as long as this process lives, and it ends with it. Standard
 * error goes to a file, which is shown when something failed.
 */
final class PeerProcess implements AutoCloseable {

    private static final Duration END_TIMEOUT = Duration.ofSeconds(3);
    private static final int SHOWN_ERROR_CHARS = 4000;

    private final Process process;
    private final Path errorFile;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    private PeerProcess(Process process, Path errorFile) {
        this.process = process;
        this.errorFile = errorFile;
    }

    /** Starts {@link PeerMain}, or the peer in Rust, with the arguments, on one processor if it is given. */
    static PeerProcess start(RigOptions options, @Nullable Integer processor, List<String> arguments)
            throws IOException {
        List<String> command = new ArrayList<>();
        if (processor != null) {
            command.addAll(List.of("taskset", "-c", processor.toString()));
        }
        if (arguments.get(1).startsWith(Contestants.RUST_PREFIX)) {
            command.add(target() + "rust/release/msgtrans-rust-peer");
        } else {
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(options.jvmFlags());
            int processors = processor != null ? 1 : Runtime.getRuntime().availableProcessors();
            command.add("-Dreactor.netty.ioWorkerCount=" + processors);
            command.addAll(List.of("-cp", classPath(arguments.get(1)), PeerMain.class.getName()));
        }
        command.addAll(arguments);
        Path errorFile = Files.createTempFile("peer", ".err");
        PeerProcess started = new PeerProcess(
                new ProcessBuilder(command).redirectError(errorFile.toFile()).start(), errorFile);
        Thread reader = new Thread(started::readLines, "peer-output");
        reader.setDaemon(true);
        reader.start();
        return started;
    }

    private static String target() {
        return Path.of(System.getProperty("peers.home", "."), "target") + "/";
    }

    private static String classPath(String contestant) {
        String target = target();
        if (contestant.startsWith(Contestants.RSOCKET_PREFIX)) {
            return target + "rsocket-classes:" + target + "classes:" + target + "rsocket-lib/*";
        }
        return target + "classes:" + target + "lib/*"
                + (contestant.endsWith(Contestants.IO_URING_SUFFIX) ? ":" + target + "io_uring-lib/*" : "");
    }

    private void readLines() {
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            reader.lines().forEach(lines::add);
        } catch (IOException | UncheckedIOException endedByClose) {
            return;
        }
    }

    /** The rest of the first line of output that starts so. */
    String awaitLine(String start, Duration timeout) throws IOException, InterruptedException {
        long deadlineNanos = System.nanoTime() + timeout.toNanos();
        while (System.nanoTime() < deadlineNanos) {
            String line = lines.poll(100, TimeUnit.MILLISECONDS);
            if (line != null && line.startsWith(start)) {
                return line.substring(start.length());
            }
            if (line == null && !process.isAlive() && lines.isEmpty()) {
                throw new IOException("ended with status " + process.exitValue() + "\n" + errors());
            }
        }
        throw new IOException("did not print " + start + " within " + timeout + "\n" + errors());
    }

    /** Processor time so far. */
    Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** The beginning of its standard error. */
    String errors() throws IOException {
        String text = Files.readString(errorFile);
        return text.substring(0, Math.min(text.length(), SHOWN_ERROR_CHARS));
    }

    /** Ends the process, by the end of its input and then by force. */
    @Override
    public void close() throws IOException {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(END_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor(END_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            process.destroyForcibly();
            Files.deleteIfExists(errorFile);
        }
    }
}
