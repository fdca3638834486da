package io.msgtrans.reactive.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.monitor.MonitorOptions;
import io.msgtrans.reactive.samples.Browser;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/** The dashboard of a server under load, in a browser and in the terminal. */
class DashboardPageTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String TOKEN = "correct horse";

    private final Groups groups = Groups.create();
    private BoundServer server;
    private List<Session> clients = List.of();
    private Disposable load;

    @BeforeEach
    void start() {
        server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .listen("ws://127.0.0.1:0")
                .group(groups.group("all"))
                .handle(session -> session.send(session.receive().map(request -> request.response(request.payload()))))
                .bindNow();
        clients = Flux.range(0, 6)
                .map(i -> TransportClient.create(server.uris().get(i % 2).toString())
                        .connectNow())
                .collectList()
                .block(LIMIT);
        load = Flux.interval(Duration.ofMillis(10))
                .onBackpressureDrop()
                .flatMap(tick -> Flux.fromIterable(clients)
                        .flatMap(client ->
                                client.request(Packet.request("x".repeat(200))).onErrorComplete()))
                .subscribe();
    }

    @AfterEach
    void stop() {
        load.dispose();
        clients.forEach(Session::dispose);
        server.dispose();
        server.onDispose().block(LIMIT);
    }

    @Test
    void aBrowserShowsIt() throws IOException {
        URI page = ServerDashboard.start(server, groups, MonitorOptions.DEFAULTS, "127.0.0.1", 0, "");
        try (Browser browser = Browser.start()) {
            browser.size(1440, 1800);
            browser.dark(false);
            browser.open(page.toString());
            browser.until(
                    "window.dashboard && dashboard.open && dashboard.last && dashboard.last.snapshot.answers.count > 0");
            browser.until("document.querySelectorAll('#sessions tbody tr').length === 6");
            browser.until("document.querySelectorAll('#protocols tbody tr').length === 2");
            browser.until("document.querySelector('#groups tbody td').textContent === 'all'");
            browser.until("dashboard.series.FINE.epochMillis.length > 5");
            browser.until(
                    "[...document.querySelectorAll('.chart canvas')].every(canvas => "
                            + "canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value > 0))");
            browser.until("document.querySelector('#tiles b').textContent.endsWith('/s')");
            browser.screenshot("dashboard-light.png");

            browser.run("document.querySelector('th[data-sort=id]').click()");
            browser.until("document.querySelector('th[data-sort=id]').getAttribute('aria-sort') === 'descending'");
            browser.run("document.querySelector('th[data-sort=id]').click()");
            browser.until("document.querySelector('th[data-sort=id]').getAttribute('aria-sort') === 'ascending'");
            String first =
                    String.valueOf(browser.run("return document.querySelector('#sessions tbody td').textContent"));
            browser.run("document.querySelector('[data-close=\"" + first + "\"]').click()");
            browser.until("document.querySelector('[data-close=\"" + first + "\"]').textContent === 'Sure?'");
            browser.run("document.querySelector('[data-close=\"" + first + "\"]').click()");
            browser.until("document.querySelectorAll('#sessions tbody tr').length === 5");
            assertThat(server.session(Long.parseLong(first))).isNull();

            browser.run("document.getElementById('diagnose').click()");
            browser.until("document.querySelectorAll('#findings .note').length > 0");
            for (String range : List.of("MIDDLE", "COARSE")) {
                browser.run("document.querySelector('[data-range=" + range + "]').click()");
                browser.until("dashboard.series." + range);
            }
            browser.run("document.querySelector('[data-range=FINE]').click()");
            browser.dark(true);
            browser.screenshot("dashboard-dark.png");
            browser.size(390, 844);
            browser.until("document.documentElement.scrollWidth <= innerWidth");
            browser.screenshot("dashboard-phone.png");
            assertThat(browser.complaints()).isEmpty();
        }
    }

    @Test
    void aBrowserAsksForTheToken() throws IOException {
        URI page = ServerDashboard.start(server, groups, MonitorOptions.DEFAULTS, "127.0.0.1", 0, TOKEN);
        try (Browser browser = Browser.start()) {
            browser.open(page.toString());
            browser.until("document.getElementById('ask').open");
            browser.screenshot("dashboard-token.png");
            browser.run(
                    "document.getElementById('token').value = 'wrong horse'; document.querySelector('#ask button').click()");
            browser.until("dashboard.refusals === 2 && document.getElementById('ask').open");
            browser.run("document.getElementById('token').value = '" + TOKEN
                    + "'; document.querySelector('#ask button').click()");
            browser.until("dashboard.last");
        }
    }

    private static String run(int expected, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.execute(new PrintWriter(out), new PrintWriter(err), args);
        assertThat(code).as("%s%s", out, err).isEqualTo(expected);
        return out.toString() + err;
    }

    @Test
    void theTerminalShowsIt() {
        String address = ServerDashboard.start(server, groups, MonitorOptions.DEFAULTS, "127.0.0.1", 0, "")
                .getAuthority();
        String seen = run(0, "top", address, "--count", "2", "--sort", "id", "--sessions", "3");
        assertThat(seen)
                .contains("packets")
                .contains("and 3 more")
                .contains("ws")
                .contains("p99.9");
        assertThat(run(0, "diagnose", address)).contains("looking at tcp://");
    }

    @Test
    void theTerminalNeedsTheToken() {
        String address = ServerDashboard.start(server, groups, MonitorOptions.DEFAULTS, "127.0.0.1", 0, TOKEN)
                .getAuthority();
        assertThat(run(1, "top", address, "--count", "1", "--token", "wrong horse"))
                .contains("does not let us in");
        assertThat(run(0, "top", address, "--count", "1", "--token", TOKEN)).contains("packets");
    }
}
