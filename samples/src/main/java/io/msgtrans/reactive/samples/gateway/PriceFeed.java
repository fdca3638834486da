package io.msgtrans.reactive.samples.gateway;

import io.msgtrans.reactive.Codec;
import io.msgtrans.reactive.JsonCodec;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.pool.SessionPool;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;
import tools.jackson.databind.json.JsonMapper;

/** One stream from the pricing server for all that watch here; it is asked for again when it breaks. */
@Component
final class PriceFeed implements SmartLifecycle {

    /** Biz type of the packets that browsers get. */
    static final int QUOTE = 11;

    private static final Retry AGAIN =
            Retry.backoff(Long.MAX_VALUE, Duration.ofMillis(100)).maxBackoff(Duration.ofSeconds(2));

    private final Codec<Quote> json = JsonCodec.of(JsonMapper.shared(), Quote.class);
    private final SessionPool pricing;
    private final Groups watchers;
    private final Flux<Quote> quotes;
    private Disposable running = Disposables.disposed();

    PriceFeed(SessionPool pricing, Groups watchers) {
        this.pricing = pricing;
        this.watchers = watchers;
        this.quotes = pricing.share(session -> session.requestStream(PricingServer.QUOTES
                        .packet(PacketType.REQUEST)
                        .payload("*")
                        .build()))
                .map(packet -> json.decode(packet.payload()))
                .concatWith(Mono.error(() -> new IllegalStateException("the stream of quotes ended")))
                .retryWhen(AGAIN)
                .onBackpressureLatest()
                .share();
    }

    /** The quote of a symbol. */
    Mono<Quote> quote(String symbol) {
        return pricing.request(PricingServer.QUOTE
                        .packet(PacketType.REQUEST)
                        .payload(symbol)
                        .build())
                .map(packet -> json.decode(packet.payload()));
    }

    /** The quotes of a symbol from now on; who is slow gets the latest. */
    Flux<Quote> quotes(String symbol) {
        return quotes.filter(quote -> quote.symbol().equals(symbol)).onBackpressureLatest();
    }

    /** To the browsers that watch the symbol. */
    private void publish(Quote quote) {
        String text = quote.symbol() + " " + quote.price();
        // A full group has newer quotes to send already: this one is not missed.
        var unused = watchers.group(quote.symbol())
                .offer(Packet.builder(PacketType.ONE_WAY)
                        .bizType(QUOTE)
                        .payload(text.getBytes(StandardCharsets.UTF_8))
                        .build());
    }

    @Override
    public void start() {
        running = quotes.subscribe(this::publish);
    }

    @Override
    public void stop() {
        running.dispose();
    }

    @Override
    public boolean isRunning() {
        return !running.isDisposed();
    }
}
