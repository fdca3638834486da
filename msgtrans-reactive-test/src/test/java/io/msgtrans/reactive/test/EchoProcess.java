package io.msgtrans.reactive.test;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.TransportServer;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import reactor.core.publisher.Mono;
import reactor.util.Logger;
import reactor.util.Loggers;

/** A server in a process of its own, whose JVM a test may starve; its log goes where the test says. */
final class EchoProcess implements AutoCloseable {

    private final Process process;
    private final URI uri;

    private EchoProcess(Process process, URI uri) {
        this.process = process;
        this.uri = uri;
    }

    /** @param log where its log is written, {@code /dev/full} for a disk that is full */
    static EchoProcess start(File log, String... jvmOptions) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(jvmOptions));
        command.addAll(List.of(
                "-Dorg.slf4j.simpleLogger.logFile=System.err",
                "-cp",
                System.getProperty("java.class.path"),
                EchoProcess.class.getName()));
        Process process = new ProcessBuilder(command).redirectError(log).start();
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        String line = out.readLine();
        if (line == null) {
            process.destroyForcibly();
            throw new IOException("the server did not start, its log is " + log);
        }
        return new EchoProcess(process, URI.create(line));
    }

    URI uri() {
        return uri;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit()
                .orTimeout(TransportContract.LIMIT.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    /** The server: echoes, and writes a warning for each session. */
    public static void main(String[] arguments) {
        Logger log = Loggers.getLogger(EchoProcess.class);
        BoundServer server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .session(options -> options.inboundBytes(8 << 20))
                .handle(session -> {
                    log.warn("a session begins: {}", session);
                    return TransportContract.echo(session);
                })
                .bindNow();
        System.out.println(server.uri());
        System.out.flush();
        server.onDispose().then(Mono.never()).block();
    }
}
