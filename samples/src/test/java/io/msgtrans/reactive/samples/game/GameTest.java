package io.msgtrans.reactive.samples.game;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import reactor.core.publisher.Flux;

class GameTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
    private static final Path DRIVER = Path.of("/usr/bin/chromedriver");

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
        Assumptions.assumeTrue(
                Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER),
                "needs Chromium: apt-get install chromium chromium-driver");
        ChromeOptions options = new ChromeOptions();
        options.setBinary(CHROMIUM.toFile());
        options.addArguments(
                "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking");
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(DRIVER.toFile())
                .usingAnyFreePort()
                .build();
        ChromeDriver browser = new ChromeDriver(service, options);
        try {
            browser.manage().window().setSize(new Dimension(1100, 900));
            browser.get(game.page() + "#browser");
            until(browser, "return window.game && game.frames > 30 && game.me > 0");
            assertThat(game.room("browser").size()).isEqualTo(1);
            until(browser, "return document.getElementById('rtt').textContent.includes('ms')");
            browser.executeScript("steer(100, 0)");
            until(browser, "return game.state.players.find(p => p.id === game.me).x === 960");
            until(browser, "return Array.from(pen.getImageData(0, 0, 960, 540).data).some(value => value > 0)");
            screenshot(browser, "game.png");
            browser.manage().window().setSize(new Dimension(420, 800));
            screenshot(browser, "game-phone.png");
            assertThat((Boolean) browser.executeScript("return document.documentElement.scrollWidth <= innerWidth"))
                    .isTrue();
        } finally {
            browser.quit();
        }
    }

    private static void until(ChromeDriver browser, String script) {
        Object met = Flux.interval(Duration.ofMillis(50))
                .map(tick -> browser.executeScript(script))
                .filter(Boolean.TRUE::equals)
                .blockFirst(LIMIT);
        assertThat(met).as(script).isEqualTo(true);
    }

    private static void screenshot(ChromeDriver browser, String name) throws IOException {
        File taken = browser.getScreenshotAs(OutputType.FILE);
        Path target = Files.createDirectories(Path.of("target", "screenshots")).resolve(name);
        Files.deleteIfExists(target);
        Files.move(taken.toPath(), target);
    }
}
