package io.msgtrans.reactive.test.kafka;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/** A Kafka broker in a process of its own, which can be killed and started again with what it had. */
final class BrokerProcess implements AutoCloseable {

    private final Path folder;
    private final String address;
    private int starts;
    private @Nullable JavaProcess process;

    /** Prepares its storage, and starts it. */
    BrokerProcess(Path folder) throws IOException, InterruptedException {
        this.folder = folder;
        int port = freePort();
        int controllerPort = freePort();
        this.address = "127.0.0.1:" + port;
        Files.writeString(properties(), """
                process.roles=broker,controller
                node.id=1
                controller.quorum.voters=1@127.0.0.1:%2$d
                listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
                advertised.listeners=PLAINTEXT://127.0.0.1:%1$d
                controller.listener.names=CONTROLLER
                log.dirs=%3$s
                offsets.topic.replication.factor=1
                offsets.topic.num.partitions=4
                transaction.state.log.replication.factor=1
                transaction.state.log.min.isr=1
                group.initial.rebalance.delay.ms=0
                """.formatted(port, controllerPort, folder.resolve("data")));
        try (JavaProcess format = JavaProcess.start(
                folder.resolve("format.log"),
                "kafka.tools.StorageTool",
                "format",
                "-t",
                Uuid.randomUuid().toString(),
                "-c",
                properties().toString())) {
            format.awaitEnd();
        }
        start();
    }

    private Path properties() {
        return folder.resolve("server.properties");
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    String address() {
        return address;
    }

    /** Returns when it answers. */
    void start() throws IOException, InterruptedException {
        starts++;
        process = JavaProcess.start(
                folder.resolve("broker-" + starts + ".log"),
                "kafka.Kafka",
                properties().toString());
        try (Admin admin = Admin.create(Map.of(
                "bootstrap.servers", address, "default.api.timeout.ms", 60_000, "reconnect.backoff.max.ms", 200))) {
            admin.describeCluster().nodes().get(60, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException failed) {
            throw new IOException(
                    "the broker did not start: " + Files.readString(folder.resolve("broker-" + starts + ".log")),
                    failed);
        }
    }

    void kill() throws InterruptedException {
        JavaProcess running = process;
        if (running != null) {
            running.kill();
        }
    }

    @Override
    public void close() {
        JavaProcess running = process;
        if (running != null) {
            running.close();
        }
    }
}
