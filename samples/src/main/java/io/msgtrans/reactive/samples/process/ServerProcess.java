package io.msgtrans.reactive.samples.process;

import io.msgtrans.reactive.samples.cli.Main;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A command of {@code msgtrans} that serves, in a JVM of its own with the class path of this one. */
public final class ServerProcess implements AutoCloseable {

    private static final int START_SECONDS = 60;
    private static final int END_SECONDS = 30;
    private static final String LISTENING = "LISTENING ";

    private final Process process;
    private final URI uri;

    private ServerProcess(Process process, URI uri) {
        this.process = process;
        this.uri = uri;
    }

    /** Starts a command and waits for the line that says where it listens. */
    public static ServerProcess start(String... arguments) throws IOException, InterruptedException {
        return start(512, arguments);
    }

    /** The same with a heap of so many MiB. */
    public static ServerProcess start(int heapMiB, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heapMiB + "m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        CompletableFuture<URI> listening = new CompletableFuture<>();
        Thread reader = new Thread(() -> read(process, listening), "msgtrans-process-" + process.pid());
        reader.setDaemon(true);
        reader.start();
        try {
            return new ServerProcess(process, listening.get(START_SECONDS, TimeUnit.SECONDS));
        } catch (ExecutionException | TimeoutException failed) {
            process.destroyForcibly();
            throw new IOException("the server did not start: " + String.join(" ", arguments), failed);
        }
    }

    private static void read(Process process, CompletableFuture<URI> listening) {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(LISTENING)) {
                    listening.complete(URI.create(line.substring(LISTENING.length())));
                }
            }
            listening.completeExceptionally(new IOException("it ended before it listened"));
        } catch (IOException failed) {
            listening.completeExceptionally(failed);
        }
    }

    /** Where it listens first. */
    public URI uri() {
        return uri;
    }

    /** Ends it without asking, as {@code kill -9} does, and waits until it is gone. */
    public void kill() throws InterruptedException {
        process.destroyForcibly();
        await();
    }

    /** Asks it to end, as {@code kill} does: it drains. Does not wait. */
    public void terminate() {
        process.destroy();
    }

    /** Waits until it has ended. */
    public void await() throws InterruptedException {
        if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException(
                    "the process " + process.pid() + " did not end within " + END_SECONDS + " s");
        }
    }

    /** Stops all its threads, as {@code kill -STOP} does, until {@link #resume()}. */
    public void suspend() throws IOException, InterruptedException {
        signal("-STOP");
    }

    /** Lets it go on. */
    public void resume() throws IOException, InterruptedException {
        signal("-CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", name, Long.toString(process.pid()))
                .inheritIO()
                .start();
        if (!kill.waitFor(END_SECONDS, TimeUnit.SECONDS) || kill.exitValue() != 0) {
            throw new IOException("kill " + name + " " + process.pid() + " failed");
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
