package io.msgtrans.reactive.samples.trading;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.HdrHistogram.Histogram;
import reactor.core.publisher.Flux;

/** Runs an exchange, a client that trades with it, or both in one process. */
public final class TradingSample {

    private static final String HEADING = String.format(
            "%10s %10s %10s %10s %10s %10s %10s %8s",
            "orders/s", "p50 µs", "p90 µs", "p99 µs", "p99.9 µs", "max µs", "refused", "failed");

    private final double ordersPerSecond;
    private final Duration duration;
    private final PrintWriter out;

    /** What happens while an exchange runs; true when all went well. */
    @FunctionalInterface
    public interface WithExchange {
        boolean run(String uri) throws InterruptedException;
    }

    public TradingSample(double ordersPerSecond, Duration duration, PrintWriter out) {
        this.ordersPerSecond = ordersPerSecond;
        this.duration = duration;
        this.out = out;
    }

    /** Runs an exchange as long as something happens with it. */
    public boolean runExchange(String uri, UnaryOperator<EndpointOptions> options, WithExchange meanwhile)
            throws InterruptedException {
        BoundServer server = TransportServer.create()
                .listen(uri, options)
                .handle(Exchange::handle)
                .bindNow();
        try {
            return meanwhile.run(server.uri().toString());
        } finally {
            server.drain(Duration.ofSeconds(2)).block(Duration.ofSeconds(5));
        }
    }

    /** Says where the exchange is, and lets the time pass. */
    public boolean waitFor(String uri, Path certificate) throws InterruptedException {
        out.println("LISTENING " + uri + " (clients: --exchange " + uri + " --trust " + certificate + ")");
        out.flush();
        TimeUnit.NANOSECONDS.sleep(duration.toNanos());
        return true;
    }

    /** Trades with an exchange; false when an order got no answer, or a wrong one. */
    public boolean trade(String uri, UnaryOperator<EndpointOptions> options) throws InterruptedException {
        Session session = TransportClient.create(uri).endpoint(options).connectNow();
        Histogram total = new Histogram(3);
        OrderFlow flow = new OrderFlow(session, ordersPerSecond);
        try {
            out.printf(
                    Locale.ROOT,
                    "Orders of %d bytes to %s, %,.0f a second.%n%s%n",
                    Order.BYTES,
                    uri,
                    ordersPerSecond,
                    HEADING);
            flow.start();
            Flux.interval(Duration.ofSeconds(1))
                    .take(duration.toSeconds())
                    .doOnNext(tick -> {
                        Histogram step = flow.roundTrips();
                        total.add(step);
                        print(step, 1, flow);
                    })
                    .blockLast();
        } finally {
            flow.stop();
            session.drain().block(Duration.ofSeconds(10)); // after the last answer
        }
        out.println("in all");
        total.add(flow.roundTrips());
        print(total, duration.toSeconds(), flow);
        return flow.failed() == 0 && total.getTotalCount() > 0;
    }

    private void print(Histogram roundTrips, long seconds, OrderFlow flow) {
        out.printf(
                Locale.ROOT,
                "%,10.0f %10.1f %10.1f %10.1f %10.1f %10.1f %,10d %8d%n",
                roundTrips.getTotalCount() / (double) seconds,
                roundTrips.getValueAtPercentile(50) / 1e3,
                roundTrips.getValueAtPercentile(90) / 1e3,
                roundTrips.getValueAtPercentile(99) / 1e3,
                roundTrips.getValueAtPercentile(99.9) / 1e3,
                roundTrips.getMaxValue() / 1e3,
                flow.refused(),
                flow.failed());
        out.flush();
    }
}
