package io.msgtrans.reactive.samples.gateway;

import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.TransportException;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** HTTP in, packets out. What the pricing server says becomes a status: 404, 503, 504, or 502 for anything else. */
@RestController
final class QuoteController {

    private final PriceFeed feed;

    QuoteController(PriceFeed feed) {
        this.feed = feed;
    }

    @GetMapping("/quotes/{symbol}")
    Mono<Quote> quote(@PathVariable("symbol") String symbol) {
        return feed.quote(symbol);
    }

    @GetMapping(path = "/quotes/{symbol}/live", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    Flux<Quote> live(@PathVariable("symbol") String symbol) {
        return feed.quotes(symbol);
    }

    @ExceptionHandler
    ProblemDetail failed(TransportException error) {
        HttpStatus status = HttpStatus.SERVICE_UNAVAILABLE;
        if (error instanceof PeerException peer) {
            status = peer.code() == PricingServer.NO_SYMBOL ? HttpStatus.NOT_FOUND : HttpStatus.BAD_GATEWAY;
        } else if (error instanceof RequestTimeoutException) {
            status = HttpStatus.GATEWAY_TIMEOUT;
        }
        return ProblemDetail.forStatusAndDetail(status, String.valueOf(error.getMessage()));
    }
}
