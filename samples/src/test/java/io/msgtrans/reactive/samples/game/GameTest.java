package io.msgtrans.reactive.samples.game;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.samples.Browser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

class GameTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private GameServer game;

    @BeforeEach
    void start() {
        game = GameServer.start("127.0.0.1", 0, 0);
    }

    @AfterEach
    void stop() {
        game.dispose();
    }

    private static Packet packet(PacketType type, int biz, byte[] payload) {
        return Packet.builder(type).bizType(biz).payload(payload).build();
    }

    /** Where a player is in a state: x and y, or nothing. */
    private static List<Integer> position(Packet state, int id) {
        ByteBuffer bytes = state.payloadBuffer();
        int players = bytes.getShort(4);
        for (int i = 0; i < players; i++) {
            int at = 6 + i * 10;
            if ((bytes.getShort(at) & 0xFFFF) == id) {
                return List.of((int) bytes.getShort(at + 2), (int) bytes.getShort(at + 4));
            }
        }
        return List.of();
    }

    @Test
    void aPlayerSeesItselfMoveWhereItSteers() {
        Session session = TransportClient.create(game.uri().toString()).connectNow();
        Flux<Packet> states = session.receive().publish().autoConnect();
        states.subscribe();
        Packet welcome = session.request(
                        packet(PacketType.REQUEST, GameServer.JOIN, "test".getBytes(StandardCharsets.UTF_8)))
                .blockOptional(LIMIT)
                .orElseThrow();
        int me = welcome.payloadBuffer().getShort();
        session.send(packet(PacketType.ONE_WAY, GameServer.STEER, new byte[] {100, 0}))
                .block(LIMIT);
        List<Integer> last = states.map(state -> position(state, me))
                .filter(at -> !at.isEmpty() && at.get(0) == Arena.WIDTH)
                .blockFirst(LIMIT);
        assertThat(last).containsExactly(Arena.WIDTH, Arena.HEIGHT / 2);
        session.dispose();
        session.onClose().block(LIMIT);
        assertThat(Flux.interval(Duration.ofMillis(5))
                        .map(tick -> game.room("test").size())
                        .filter(size -> size == 0)
                        .blockFirst(LIMIT))
                .isZero();
    }

    @Test
    void whatIsNoRoomEndsTheSessionAndNoOther() {
        Session wrong = TransportClient.create(game.uri().toString()).connectNow();
        wrong.receive().onErrorComplete().subscribe();
        wrong.send(packet(PacketType.ONE_WAY, GameServer.JOIN, new byte[0])).block(LIMIT);
        assertThat(wrong.onClose().block(LIMIT)).isNotNull();
        Session right = TransportClient.create(game.uri().toString()).connectNow();
        assertThat(right.request(packet(PacketType.REQUEST, GameServer.PING, new byte[] {1}))
                        .block(LIMIT))
                .isNotNull();
        right.dispose();
    }

    @Test
    void aBrowserPlays() throws IOException {
        try (Browser browser = Browser.start()) {
            browser.size(1100, 900);
            browser.open(game.page() + "#browser");
            browser.until("window.game && game.frames > 30 && game.me > 0");
            assertThat(game.room("browser").size()).isEqualTo(1);
            browser.until("document.getElementById('rtt').textContent.includes('ms')");
            browser.run("steer(100, 0)");
            browser.until("game.state.players.find(p => p.id === game.me).x === 960");
            browser.until("Array.from(pen.getImageData(0, 0, 960, 540).data).some(value => value > 0)");
            browser.screenshot("game.png");
            browser.size(420, 800);
            browser.screenshot("game-phone.png");
            browser.until("document.documentElement.scrollWidth <= innerWidth");
        }
    }
}
