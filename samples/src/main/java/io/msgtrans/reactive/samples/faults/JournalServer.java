package io.msgtrans.reactive.samples.faults;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.delivery.AcknowledgedReceiver;
import io.msgtrans.reactive.delivery.Delivery;
import java.io.FileWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import reactor.core.publisher.Mono;

/** Answers requests, and writes what is delivered with acknowledgement to a file before it acknowledges it. */
public final class JournalServer {

    private static final int CONCURRENT = 1024;
    private final Writer journal;
    private final AcknowledgedReceiver receiver = AcknowledgedReceiver.create();

    private JournalServer(Path file) throws IOException {
        this.journal = new FileWriter(file.toFile(), StandardCharsets.UTF_8, true);
    }

    /** Starts one; each line of the file is a payload. */
    public static BoundServer start(String listen, Path file) throws IOException {
        JournalServer server = new JournalServer(file);
        return TransportServer.create()
                .listen(listen, options -> options.sharePort(listen.startsWith("tcp:") || listen.startsWith("ws:")))
                .handle(server::serve)
                .bindNow();
    }

    private Mono<Void> serve(Session session) {
        return receiver.receive(session)
                .flatMap(
                        delivery -> {
                            if (delivery instanceof Delivery.Item item) {
                                write(item.packet().payloadText());
                                return item.acknowledge().onErrorComplete(); // then it comes again
                            }
                            return delivery instanceof Delivery.Plain plain
                                    ? answer(session, plain.packet())
                                    : Mono.empty();
                        },
                        CONCURRENT)
                .then();
    }

    private Mono<Void> answer(Session session, Packet packet) {
        if (packet.type() == PacketType.REQUEST) {
            return session.reply(packet, packet.payload());
        }
        write(packet.payloadText());
        return Mono.empty();
    }

    /** In the kernel when it returns, so that it outlives the process. */
    private void write(String line) {
        synchronized (journal) {
            try {
                journal.write(line + "\n");
                journal.flush();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
    }
}
