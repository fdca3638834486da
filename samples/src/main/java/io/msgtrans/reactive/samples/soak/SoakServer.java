package io.msgtrans.reactive.samples.soak;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.StreamHandler;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.delivery.AcknowledgedReceiver;
import io.msgtrans.reactive.delivery.Delivery;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.health.HeartbeatOptions;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What all links lead to: it answers, counts what comes, and sees that it comes in order. */
final class SoakServer implements Disposable {

    /** Biz types. */
    static final int NUMBERED = 1;

    static final int COUNT = 2;
    static final int ECHO = 3;

    private static final int BROADCAST_BYTES = 128;
    private static final Duration BROADCAST_EVERY = Duration.ofMillis(50);
    private static final Duration STOP = Duration.ofSeconds(30);
    private static final int CONCURRENT = 1024;

    private final Violations violations;
    private final AcknowledgedReceiver receiver = AcknowledgedReceiver.create();
    private final Map<Integer, Journal> journals = new ConcurrentHashMap<>();
    private final Group all = Groups.create().group("all");
    private final Disposable broadcasts;
    private final BoundServer server;

    SoakServer(List<String> schemes, Path chain, Path key, Violations violations) {
        this.violations = violations;
        TransportServer configured = TransportServer.create()
                .session(options -> options.heartbeat(HeartbeatOptions.DEFAULTS.interval(Duration.ofSeconds(1)))
                        .streams(new Numbers()))
                .group(all)
                .handle(this::handle);
        for (String scheme : schemes) {
            boolean secure = scheme.equals("tcps") || scheme.equals("wss") || scheme.equals("quic");
            String address = scheme.equals("mem") ? "mem://soak-" + System.nanoTime() : scheme + "://127.0.0.1:0";
            configured = configured.listen(
                    address, (EndpointOptions options) -> secure ? options.certificate(chain, key) : options);
        }
        server = configured.bindNow();
        broadcasts = Flux.interval(BROADCAST_EVERY)
                .onBackpressureDrop()
                .subscribe(tick -> all.offer(Packet.oneWay(new byte[BROADCAST_BYTES])));
    }

    /** The server itself. */
    BoundServer bound() {
        return server;
    }

    /** Its addresses, in the order of the schemes. */
    List<URI> uris() {
        return server.uris();
    }

    /** Packets that were broadcast. */
    long broadcasts() {
        return all.stats().broadcasts();
    }

    /** How many different packets with acknowledgement of a link arrived. */
    long delivered(int link) {
        return journal(link).arrived();
    }

    private Journal journal(int link) {
        return journals.computeIfAbsent(link, unknown -> new Journal());
    }

    /** Which numbers arrived; it forgets those below which all are there. */
    private static final class Journal {
        private final Set<Long> ahead = new HashSet<>();
        private long below;

        synchronized boolean add(long number) {
            if (number < below || !ahead.add(number)) {
                return false;
            }
            while (ahead.remove(below)) {
                below++;
            }
            return true;
        }

        synchronized long arrived() {
            return below + ahead.size();
        }
    }

    private static final class Numbers implements StreamHandler {
        @Override
        public Publisher<Packet> requestStream(Session session, Packet request) {
            return Flux.range(0, Integer.parseInt(request.payloadText())).map(i -> Packet.oneWay(Numbered.payload(i)));
        }
    }

    private Publisher<Void> handle(Session session) {
        long[] came = new long[1]; // packets of this session, on its event loop only
        return receiver.receive(session)
                .flatMapSequential(
                        delivery -> {
                            if (delivery instanceof Delivery.Item item) {
                                return deliver(item);
                            }
                            return delivery instanceof Delivery.Plain plain
                                    ? take(session, plain.packet(), came)
                                    : gap(delivery);
                        },
                        CONCURRENT)
                .then();
    }

    private Mono<Void> deliver(Delivery.Item item) {
        Packet packet = item.packet();
        if (!journal(packet.bizType()).add(Numbered.of(packet))) {
            violations.add("link " + packet.bizType() + ": packet " + Numbered.of(packet) + " was delivered twice");
        }
        return item.acknowledge().onErrorComplete(); // it comes again, and is known
    }

    private Mono<Void> gap(Delivery gap) {
        violations.add("the sender gave up what it should have kept: " + gap);
        return Mono.empty();
    }

    private Mono<Void> take(Session session, Packet packet, long[] came) {
        if (packet.type() != PacketType.REQUEST) {
            if (packet.bizType() == NUMBERED && !Numbered.is(packet, came[0]++)) {
                violations.add(session + ": packet " + (came[0] - 1) + " is not what was sent: " + packet);
            }
            return Mono.empty();
        }
        return packet.bizType() == COUNT
                ? session.reply(packet, Long.toString(came[0]))
                : session.reply(packet, packet.payload());
    }

    @Override
    public void dispose() {
        broadcasts.dispose();
        server.dispose();
        server.onDispose().block(STOP);
    }
}
