package io.msgtrans.reactive.samples.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.samples.Browser;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;

class GatewayTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private Gateway gateway;

    @BeforeEach
    void start() {
        gateway = Gateway.start("127.0.0.1", 0, 0);
    }

    @AfterEach
    void stop() {
        gateway.dispose();
    }

    /** Status and body. */
    private String get(String path) {
        return HttpClient.newConnection()
                .get()
                .uri(gateway.page() + path)
                .responseSingle((response, body) -> body.asString()
                        .defaultIfEmpty("")
                        .map(text -> response.status().code() + " " + text))
                .block(LIMIT);
    }

    private Session device() {
        return TransportClient.create(gateway.devices().toString())
                .endpoint(options -> options.extensions(Extensions.ON))
                .connectNow();
    }

    private static Packet note(String json) {
        return Packet.builder(PacketType.REQUEST).bizType(20).payload(json).build();
    }

    @Test
    void httpRequestsBecomePackets() {
        assertThat(get("quotes/EUR")).startsWith("200 ").contains("\"symbol\":\"EUR\"", "\"price\":1.");
        assertThat(get("quotes/XXX")).startsWith("404 ").contains("no symbol XXX");
    }

    @Test
    void theStreamBecomesServerSentEvents() {
        List<Quote> events = WebClient.create()
                .get()
                .uri(gateway.page() + "quotes/JPY/live")
                .retrieve()
                .bodyToFlux(Quote.class)
                .take(3)
                .collectList()
                .block(LIMIT);
        assertThat(events).hasSize(3).allMatch(quote -> quote.symbol().equals("JPY") && quote.price() > 0);
    }

    @Test
    void packetsBecomeHttpRequests() {
        Session device = device();
        String answer = device.request(note("{\"device\":\"pump 7\",\"text\":\"started\"}"))
                .map(Packet::payloadText)
                .block(LIMIT);
        assertThat(answer).isEqualTo("{\"number\":1}");
        assertThat(get("archive")).isEqualTo("200 [{\"device\":\"pump 7\",\"text\":\"started\"}]");
        assertThatThrownBy(() ->
                        device.request(note("{\"device\":\"\",\"text\":\"x\"}")).block(LIMIT))
                .isInstanceOfSatisfying(
                        PeerException.class, error -> assertThat(error.code()).isEqualTo(PeerException.BAD_PAYLOAD))
                .hasMessageContaining("device must not be blank");
        device.dispose();
    }

    @Test
    void aServerThatIsAwayIsAStatusAndNotAnError() {
        gateway.stopPricing();
        assertThat(get("quotes/EUR")).startsWith("503 ");
        Session device = device();
        Mono<Packet> other = device.request(note("{\"device\":\"pump 7\",\"text\":\"still works\"}"));
        assertThat(other.block(LIMIT)).isNotNull();
        device.dispose();
    }

    @Test
    void thePageShowsQuotesAndKeepsNotes() throws IOException {
        try (Browser browser = Browser.start()) {
            browser.size(900, 640);
            browser.open(gateway.page().toString());
            browser.until("window.gateway.quotes > 60");
            browser.run("document.getElementById('text').value = 'seen'; document.querySelector('button').click()");
            browser.until("document.getElementById('kept').textContent.includes('kept as number 1')");
            browser.screenshot("gateway.png");
            browser.dark(true);
            browser.size(390, 800);
            browser.screenshot("gateway-dark-phone.png");
            assertThat(browser.complaints()).isEmpty();
        }
    }
}
