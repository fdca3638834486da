package io.msgtrans.reactive.samples.game;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.GroupOptions;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.group.SlowMembers;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/**
 * The game: sessions over WebSocket, a page over HTTP that plays it, and one thread that moves the rooms.
 *
 * <pre>
 *   browser --JOIN "room"--> group of the room        browser --STEER dx dy--> its player
 *   every 16 ms: arena moves --STATE--> group --> all browsers; one that is slow gets the latest
 * </pre>
 */
public final class GameServer implements Disposable {

    /** Biz types. */
    public static final int JOIN = 1;

    public static final int STEER = 2;
    public static final int STATE = 3;
    public static final int PING = 4;

    static final Duration FRAME = Duration.ofMillis(16);

    private static final Duration START = Duration.ofSeconds(10);
    private static final int MAX_ROOM_CHARS = 32;
    private static final int MAX_ROOMS = 64;
    /** Close codes. */
    private static final int BAD_ROOM = 4001;

    private static final int TOO_MANY_ROOMS = 4002;
    private static final double STEER_UNITS = 100;

    private final Groups rooms = Groups.create(GroupOptions.DEFAULTS
            .slowMembers(SlowMembers.LATEST)
            .backlogPackets(4)
            .conflateBy(Packet::bizType));

    private final Map<String, Arena> arenas = new ConcurrentHashMap<>();
    private final Scheduler clock = Schedulers.newSingle("game-clock", true);
    private final BoundServer sessions;
    private final DisposableServer pages;

    private GameServer(String host, int gamePort, int pagePort) {
        sessions = TransportServer.create()
                .listen("ws://" + host + ":" + gamePort)
                .handle(this::play)
                .bindNow();
        String page = page(sessions.uri().getPort());
        pages = HttpServer.create()
                .host(host)
                .port(pagePort)
                .route(routes -> routes.get(
                        "/",
                        (request, response) -> response.header("Content-Type", "text/html; charset=utf-8")
                                .sendString(Mono.just(page))))
                .bindNow(START);
        Flux.interval(FRAME, clock).onBackpressureDrop().subscribe(tick -> move());
    }

    /** Starts it; port 0 is any free one. */
    public static GameServer start(String host, int gamePort, int pagePort) {
        return new GameServer(host, gamePort, pagePort);
    }

    private static String page(int gamePort) {
        try (InputStream file = GameServer.class.getResourceAsStream("/game/index.html")) {
            return new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8)
                    .replace("GAME_PORT", Integer.toString(gamePort));
        } catch (IOException e) {
            throw new IllegalStateException("the page of the game cannot be read", e);
        }
    }

    /** Where the browser goes. */
    public URI page() {
        return URI.create("http://" + pages.host() + ":" + pages.port() + "/");
    }

    /** Where sessions connect. */
    public URI uri() {
        return sessions.uri();
    }

    /** The players of a room. */
    public Group room(String name) {
        return rooms.group(name);
    }

    // ---- a player's session ----

    private Publisher<Void> play(Session session) {
        Player player = new Player(session);
        return session.receive()
                .concatMap(packet -> switch (packet.bizType()) {
                    case JOIN -> player.join(packet);
                    case STEER -> Mono.<Void>fromRunnable(() -> player.steer(packet));
                    case PING -> session.reply(packet, packet.payload());
                    default -> Mono.<Void>empty();
                })
                .doFinally(end -> player.leave())
                .then();
    }

    /** Event loop of its session only. */
    private final class Player {
        private final Session session;
        private Disposable leave = () -> {};
        private Arena.@Nullable Player figure;

        Player(Session session) {
            this.session = session;
        }

        Mono<Void> join(Packet request) {
            String name = request.payloadText();
            if (request.type() != PacketType.REQUEST || name.isBlank() || name.length() > MAX_ROOM_CHARS) {
                return session.close(CloseReason.of(BAD_ROOM, "no room of 1.." + MAX_ROOM_CHARS + " characters"));
            }
            if (!arenas.containsKey(name) && arenas.size() >= MAX_ROOMS) {
                return session.close(CloseReason.of(TOO_MANY_ROOMS, MAX_ROOMS + " rooms are the limit"));
            }
            leave();
            Arena.Player joined = enter(name, session);
            figure = joined;
            leave = () -> GameServer.this.leave(name, session, joined);
            byte[] welcome = ByteBuffer.allocate(6)
                    .putShort((short) joined.id)
                    .putShort((short) Arena.WIDTH)
                    .putShort((short) Arena.HEIGHT)
                    .array();
            return session.reply(request, welcome);
        }

        void steer(Packet packet) {
            if (figure != null && packet.payloadLength() == 2) {
                figure.steer(packet.payloadByte(0) / STEER_UNITS, packet.payloadByte(1) / STEER_UNITS);
            }
        }

        void leave() {
            leave.dispose();
            leave = () -> {};
        }
    }

    private Arena.Player enter(String name, Session session) {
        Arena.Player[] joined = new Arena.Player[1];
        arenas.compute(name, (room, present) -> {
            Arena arena = present == null ? new Arena(room.hashCode()) : present;
            joined[0] = arena.join();
            rooms.group(name).join(session);
            return arena;
        });
        return joined[0];
    }

    /** The last one who leaves a room ends it. */
    private void leave(String name, Session session, Arena.Player player) {
        arenas.computeIfPresent(name, (room, arena) -> {
            arena.leave(player);
            rooms.group(name).leave(session);
            if (arena.isPlayed()) {
                return arena;
            }
            rooms.remove(name);
            return null;
        });
    }

    // ---- the clock ----

    private void move() {
        arenas.forEach((name, arena) -> {
            arena.move(FRAME.toMillis() / 1e3);
            // A full group has more than one state to send already: this one is not missed.
            var unused = rooms.group(name)
                    .offer(Packet.builder(PacketType.ONE_WAY)
                            .bizType(STATE)
                            .payload(arena.state())
                            .build());
        });
    }

    @Override
    public void dispose() {
        clock.dispose();
        pages.disposeNow();
        sessions.dispose();
        sessions.onDispose().block(START);
    }
}
