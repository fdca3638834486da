package io.msgtrans.reactive.samples.gateway;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Codec;
import io.msgtrans.reactive.JsonCodec;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Route;
import io.msgtrans.reactive.Router;
import io.msgtrans.reactive.TransportServer;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

/** Stands for a service that speaks packets only. */
final class PricingServer {

    /** A symbol is answered with its quote. */
    static final Route QUOTE = Route.bizType(1);
    /** A symbol, or {@code *} for all, is answered with a stream of quotes. */
    static final Route QUOTES = Route.bizType(2);
    /** Of {@link PeerException}: there is no such symbol. */
    static final int NO_SYMBOL = PeerException.FIRST_OWN;

    private static final Duration STEP = Duration.ofMillis(200);

    private final Map<String, Double> prices =
            new ConcurrentHashMap<>(new TreeMap<>(Map.of("EUR", 1.08, "GBP", 1.27, "JPY", 0.0067, "CHF", 1.12)));
    private final SplittableRandom random = new SplittableRandom(7);

    private PricingServer() {}

    /** Starts one on any free port. */
    static BoundServer start() {
        PricingServer pricing = new PricingServer();
        Codec<Quote> json = JsonCodec.of(JsonMapper.shared(), Quote.class);
        Router router = Router.create()
                .onRequest(QUOTE, Codec.TEXT, json, (session, symbol) -> pricing.quote(symbol))
                .onRequestStream(QUOTES, Codec.TEXT, json, (session, symbol) -> pricing.quotes(symbol));
        return TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .session(options -> options.streams(router))
                .handle(router::handle)
                .bindNow();
    }

    private Mono<Quote> quote(String symbol) {
        Double price = prices.get(symbol);
        return price == null
                ? Mono.error(new PeerException(NO_SYMBOL, "no symbol " + symbol))
                : Mono.just(new Quote(symbol, price, System.currentTimeMillis()));
    }

    private Flux<Quote> quotes(String symbol) {
        return Flux.interval(Duration.ZERO, STEP)
                .onBackpressureDrop()
                .concatMapIterable(tick -> symbol.equals("*") ? prices.keySet() : Set.of(symbol))
                .concatMap(each -> {
                    prices.computeIfPresent(each, (key, price) -> price * (1 + (random.nextDouble() - 0.5) / 500));
                    return quote(each);
                });
    }
}
