package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.Groups;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/** What {@code serve} does with what it receives. */
enum ServerMode {
    /** One-way packets go back as they came, requests are answered with their payload. */
    ECHO {
        @Override
        Publisher<Void> handle(Session session, Flux<Packet> packets) {
            return session.send(packets.map(ServerMode::echoed));
        }
    },
    /** Counts one-way packets; a request is answered with the decimal count of its session. */
    SINK {
        @Override
        Publisher<Void> handle(Session session, Flux<Packet> packets) {
            long[] count = {0};
            return packets.doOnNext(packet -> {
                        if (packet.type() == PacketType.REQUEST) {
                            answer(session, packet.response(Long.toString(count[0])));
                        } else {
                            count[0]++;
                        }
                    })
                    .then();
        }
    },
    /** Receives and ignores. */
    QUIET {
        @Override
        Publisher<Void> handle(Session session, Flux<Packet> packets) {
            return packets.then();
        }
    },

    /** Echoes, but answers every fourth request with an error: for trying what clients do. */
    SICK {
        @Override
        Publisher<Void> handle(Session session, Flux<Packet> packets) {
            return packets.index()
                    .concatMap(numbered -> numbered.getT1() % 4 == 3
                            ? session.replyError(numbered.getT2(), PeerException.FIRST_OWN, "sick")
                            : session.send(echoed(numbered.getT2())))
                    .then();
        }
    },

    /** A packet goes to every other session. */
    CHAT {
        @Override
        Publisher<Void> handle(Session session, Flux<Packet> packets) {
            Group room = ROOMS.group("chat");
            room.join(session);
            return packets.concatMap(packet ->
                            room.broadcast(packet.withType(PacketType.ONE_WAY).compact(), member -> member != session))
                    .then();
        }
    },
    /** What {@code bench --workload broadcast} asks for goes to all sessions. */
    BROADCAST {
        @Override
        Publisher<Void> handle(Session session, Flux<Packet> packets) {
            return new BroadcastLoad(ROOMS.group("broadcast")).handle(session, packets);
        }
    };

    private static final Groups ROOMS = Groups.create();

    /** The groups of all modes. */
    Groups groups() {
        return ROOMS;
    }

    abstract Publisher<Void> handle(Session session, Flux<Packet> packets);

    private static Packet echoed(Packet packet) {
        return packet.type() == PacketType.REQUEST ? packet.withType(PacketType.RESPONSE) : packet;
    }

    private static void answer(Session session, Packet response) {
        if (session.offer(response) == OfferResult.FULL) {
            throw new IllegalStateException("the peer asks without reading the answers");
        }
    }
}
