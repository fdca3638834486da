package io.msgtrans.reactive.peers;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Preset;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.eventloop.EventLoopOptions;
import io.msgtrans.reactive.eventloop.EventLoops;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.GroupOptions;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.group.SlowMembers;
import io.msgtrans.reactive.quic.QuicOptions;
import io.msgtrans.reactive.test.TestCertificate;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** This toolkit through its public API: {@code send(Publisher)}, {@code receive(Consumer)}, and {@code offer} for what follows an answer. */
final class MsgtransContestant implements Contestant {

    /** From here on a user who cares hands over direct buffers. */
    private static final int DIRECT_PAYLOAD_BYTES = 8 * 1024;

    private static final int ROOM_FOR_LARGEST_PAYLOAD = Workload.MAX_PAYLOAD_BYTES;

    private final String scheme;
    private final boolean borrowed;
    private final boolean copying;
    private final UnaryOperator<TransportServer> servers;
    private final UnaryOperator<TransportClient> clients;
    private final UnaryOperator<EndpointOptions> endpoint;

    MsgtransContestant(String scheme, boolean borrowed) {
        this(scheme, borrowed, false, server -> server, client -> client, options -> options);
    }

    /** TCP with payloads of any size in heap memory on both sides, so that their bytes are copied. */
    static MsgtransContestant copying() {
        return new MsgtransContestant("tcp", false, true, server -> server, client -> client, options -> options);
    }

    private MsgtransContestant(
            String scheme,
            boolean borrowed,
            boolean copying,
            UnaryOperator<TransportServer> servers,
            UnaryOperator<TransportClient> clients,
            UnaryOperator<EndpointOptions> endpoint) {
        this.scheme = scheme;
        this.borrowed = borrowed;
        this.copying = copying;
        this.servers = servers;
        this.clients = clients;
        this.endpoint = endpoint;
    }

    /** With a preset on both sides. */
    static MsgtransContestant with(Preset preset, String scheme) {
        return new MsgtransContestant(
                scheme,
                false,
                false,
                server -> server.preset(preset),
                client -> client.preset(preset),
                options -> options);
    }

    /** QUIC with datagrams of the size that {@link NettyQuicEndpoint} uses, instead of as large as the path carries them. */
    static MsgtransContestant quicWithin(int maxUdpPayload) {
        return new MsgtransContestant(
                "quic",
                false,
                false,
                server -> server,
                client -> client,
                options -> options.with(QuicOptions.MAX_UDP_PAYLOAD, maxUdpPayload));
    }

    /** TCP on other event loops. */
    static MsgtransContestant on(EventLoopOptions eventLoops) {
        EventLoops loops = EventLoops.create(eventLoops);
        return new MsgtransContestant(
                "tcp", false, false, server -> server.runOn(loops), client -> client.runOn(loops), options -> options);
    }

    @Override
    public PeerServer startServer(int port, BenchSettings settings) {
        Tally tally = new Tally();
        Group all = Groups.create(GroupOptions.DEFAULTS.slowMembers(SlowMembers.WAIT))
                .group("all");
        BoundServer server = servers.apply(TransportServer.create())
                .listen(scheme + "://localhost:" + port, options -> endpoint.apply(certificate(options)))
                .session(options -> options.maxPayload(ROOM_FOR_LARGEST_PAYLOAD)
                        .streams(new MsgtransStreams(settings.workload().payloadBytes())))
                .handle(session -> switch (settings.workload().kind()) {
                    case ONEWAY -> count(session, settings, tally);
                    case BROADCAST -> broadcast(session, all, settings.workload());
                    case ECHO, PINGPONG, RATE -> session.send(limited(received(session), settings));
                    case STREAM, CHANNEL ->
                        session.send(session.receive().map(request -> request.response(new byte[16])));
                })
                .bindNow();
        return new PeerServer() {
            @Override
            public int port() {
                return server.uri().getPort();
            }

            @Override
            public void close() {
                server.dispose();
                server.onDispose().block(Duration.ofSeconds(5));
            }
        };
    }

    private boolean isSecure() {
        return scheme.equals("tcps") || scheme.equals("quic");
    }

    private EndpointOptions certificate(EndpointOptions options) {
        if (!isSecure()) {
            return options;
        }
        TestCertificate made = TestCertificate.selfSigned("localhost");
        return options.certificate(made.chain(), made.key());
    }

    /** When all are there, packets without end go to all. */
    private static Publisher<Void> broadcast(Session session, Group all, Workload workload) {
        byte[] payload = new byte[workload.payloadBytes()];
        all.join(session);
        if (all.size() == workload.connections()) {
            all.broadcast(Flux.generate(sink -> sink.next(Packet.oneWay(payload))))
                    .subscribe();
        }
        return session.receive().then();
    }

    private Flux<Packet> received(Session session) {
        return borrowed ? session.receiveBorrowed() : session.receive();
    }

    private static Flux<Packet> limited(Flux<Packet> packets, BenchSettings settings) {
        return settings.limitRate() > 0 ? packets.limitRate(settings.limitRate()) : packets;
    }

    private Publisher<Void> count(Session session, BenchSettings settings, Tally tally) {
        Tally.Lane lane = tally.newLane();
        Consumer<Packet> count = packet -> {
            long id = packet.messageId();
            if (packet.type() == PacketType.ONE_WAY) {
                lane.add(1);
            } else {
                answer(session, id, tally.sum()); // by its id: a packet that is handed on must exist
            }
        };
        if (settings.limitRate() > 0) {
            return limited(received(session), settings).doOnNext(count).then();
        }
        return received(session, count);
    }

    private static void answer(Session session, long id, long count) {
        Packet answer = Packet.builder(PacketType.RESPONSE)
                .messageId(id)
                .payload(Long.toString(count).getBytes(StandardCharsets.UTF_8))
                .build();
        offer(session, answer);
    }

    private static void offer(Session session, Packet packet) {
        if (session.offer(packet) != OfferResult.ACCEPTED) {
            throw new IllegalStateException("no room for a packet");
        }
    }

    private Mono<Void> received(Session session, Consumer<Packet> consumer) {
        return borrowed ? session.receiveBorrowed(consumer) : session.receive(consumer);
    }

    @Override
    public void run(String host, int port, BenchSettings settings, Recorder recorder) throws Exception {
        Workload workload = settings.workload();
        List<Session> sessions = new ArrayList<>();
        try {
            for (int i = 0; i < workload.connections(); i++) {
                sessions.add(clients.apply(TransportClient.create(scheme + "://" + host + ":" + port))
                        .endpoint(options -> endpoint.apply(isSecure() ? options.trustAllInsecurely() : options))
                        .endpoint(options -> workload.kind().onStreams() ? options.extensions(Extensions.ON) : options)
                        .session(options -> options.maxPayload(ROOM_FOR_LARGEST_PAYLOAD))
                        .connectNow());
            }
            if (workload.kind().onStreams()) {
                MsgtransStreams.run(sessions, settings, recorder);
                return;
            }
            if (workload.kind() == Workload.Kind.BROADCAST) {
                count(sessions, recorder);
                return;
            }
            Payload payload = new Payload(workload.payloadBytes(), copying ? Integer.MAX_VALUE : DIRECT_PAYLOAD_BYTES);
            for (Session session : sessions) {
                Mono<Void> running =
                        settings.oneWay() ? session.send(stream(payload)) : replies(session, payload, recorder);
                running.subscribe(null, recorder::fail, () -> recorder.fail(new ClosedChannelException()));
            }
            if (settings.oneWay()) {
                recorder.measureConfirmed(() -> sessions.get(0)
                        .request(Packet.request(new byte[0]))
                        .map(answer -> Long.parseLong(answer.payloadText()))
                        .toFuture());
            } else {
                recorder.measureReplies();
            }
        } finally {
            sessions.forEach(Session::dispose);
        }
    }

    private void count(List<Session> sessions, Recorder recorder) throws Exception {
        Tally tally = new Tally();
        for (Session session : sessions) {
            Tally.Lane lane = tally.newLane();
            received(session, packet -> lane.add(1))
                    .subscribe(null, recorder::fail, () -> recorder.fail(new ClosedChannelException()));
        }
        recorder.measureConfirmed(() -> CompletableFuture.completedFuture(tally.sum()));
    }

    /** More packets than any run takes. */
    private static Flux<Packet> stream(Payload payload) {
        return Flux.range(0, Integer.MAX_VALUE).map(i -> payload.packet());
    }

    /** The first packets of a connection, and the next one for each reply. */
    private Mono<Void> replies(Session session, Payload payload, Recorder recorder) {
        EchoLane lane = recorder.newLane();
        if (lane.isPaced()) {
            lane.startPaced(
                    Objects.requireNonNull(session.transport(Channel.class)).eventLoop(),
                    id -> session.offer(payload.packet(id)) == OfferResult.ACCEPTED,
                    () -> {});
        } else {
            session.send(Flux.range(0, lane.window()).map(slot -> {
                        lane.begin(slot, System.nanoTime());
                        return payload.packet(slot);
                    }))
                    .subscribe(null, recorder::fail);
        }
        return received(session, reply -> {
            int id = (int) reply.messageId();
            if (lane.accepts(id, reply.payloadLength(), System.nanoTime())) {
                offer(session, payload.packet(lane.nextId(id)));
            }
        });
    }

    /** A new packet for each call, over bytes that all packets share. */
    private static final class Payload {
        private final byte[] bytes;
        private final Packet direct;
        private final int directBytes;

        Payload(int lengthBytes, int directBytes) {
            this.directBytes = directBytes;
            ByteBuf buffer = Wire.payload(lengthBytes);
            bytes = ByteBufUtil.getBytes(buffer);
            direct = Packet.builder(PacketType.ONE_WAY).payload(buffer).build();
        }

        Packet packet() {
            return bytes.length < directBytes ? Packet.oneWay(bytes) : direct.retain();
        }

        Packet packet(int id) {
            return packet().withMessageId(Integer.toUnsignedLong(id));
        }
    }
}
