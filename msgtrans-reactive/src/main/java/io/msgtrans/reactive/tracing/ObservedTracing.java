package io.msgtrans.reactive.tracing;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.ReceiverContext;
import io.micrometer.observation.transport.SenderContext;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.Tracing;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * Observations, and with a tracing bridge spans, of requests and sessions:
 *
 * <table>
 * <caption>What is observed</caption>
 * <tr><td>{@code msgtrans.request.sent}</td><td>from the subscription to a request to its response</td></tr>
 * <tr><td>{@code msgtrans.request.handled}</td><td>what a handler does for a request, a child of the former</td></tr>
 * <tr><td>{@code msgtrans.session}</td><td>from the opening of a session to its end</td></tr>
 * </table>
 *
 * <p>Low-cardinality keys are {@code protocol}, {@code biz.type}, and {@code close} on sessions; the message id and the peer's address
 * are high-cardinality ones. The parent is the observation in the subscriber's context, or that of the thread; inside a handler the
 * context has its own.
 *
 * <pre>{@code
 * Tracing tracing = ObservedTracing.of(registry);
 * TransportServer.create().session(options -> options.tracing(tracing)).handle(router::handle)
 * TransportClient.create(uri).session(options -> options.tracing(tracing))
 * }</pre>
 */
public final class ObservedTracing implements Tracing {

    private static final Set<String> FIELDS = Set.of("traceparent", "tracestate", "baggage");

    private final ObservationRegistry registry;
    private final boolean requestsOnly;

    private ObservedTracing(ObservationRegistry registry, boolean requestsOnly) {
        this.registry = registry;
        this.requestsOnly = requestsOnly;
    }

    /** Requests and sessions, to a registry. */
    public static ObservedTracing of(ObservationRegistry registry) {
        return new ObservedTracing(registry, false);
    }

    /** Requests alone: a span of a session that lives for days is of little use. */
    public ObservedTracing requestsOnly() {
        return new ObservedTracing(registry, true);
    }

    @Override
    public Set<String> fields() {
        return FIELDS;
    }

    @Override
    public Mono<Packet> request(Session session, Packet request, Function<Map<String, String>, Mono<Packet>> send) {
        return Mono.deferContextual(context -> {
            Map<String, String> carried = new HashMap<>();
            SenderContext<Map<String, String>> sender = new SenderContext<>(
                    (values, name, value) -> {
                        if (FIELDS.contains(name)) {
                            carrier(values).put(name, value);
                        }
                    },
                    Kind.CLIENT);
            sender.setCarrier(carried);
            sender.setRemoteServiceName("msgtrans");
            Observation observation = start("msgtrans.request.sent", sender, session, request, context);
            return send.apply(Map.copyOf(carried))
                    .contextWrite(in -> in.put(ObservationThreadLocalAccessor.KEY, observation))
                    .doOnError(observation::error)
                    .doFinally(signal -> observation.stop());
        });
    }

    private static Map<String, String> carrier(@Nullable Map<String, String> values) {
        if (values == null) {
            throw new IllegalStateException("the carrier of a request is missing");
        }
        return values;
    }

    @Override
    public <T> Publisher<T> handle(Session session, Packet request, Publisher<T> work) {
        return Flux.deferContextual(context -> {
            ReceiverContext<Map<String, String>> receiver =
                    new ReceiverContext<>((values, name) -> values.get(name), Kind.SERVER);
            receiver.setCarrier(request.metadata().values());
            Observation observation = start("msgtrans.request.handled", receiver, session, request, context);
            return Flux.from(work)
                    .contextWrite(in -> in.put(ObservationThreadLocalAccessor.KEY, observation))
                    .doOnError(observation::error)
                    .doFinally(signal -> observation.stop());
        });
    }

    private Observation start(
            String name, Observation.Context kind, Session session, Packet request, ContextView context) {
        Observation observation = Observation.createNotStarted(name, () -> kind, registry)
                .contextualName("msgtrans " + request.bizType())
                .lowCardinalityKeyValue("protocol", session.scheme())
                .lowCardinalityKeyValue("biz.type", Integer.toString(request.bizType()))
                .highCardinalityKeyValue("peer", String.valueOf(session.remoteAddress()));
        Observation parent = context.getOrDefault(ObservationThreadLocalAccessor.KEY, null);
        if (parent != null) {
            observation.parentObservation(parent);
        }
        return observation.start();
    }

    @Override
    public void session(Session session) {
        if (requestsOnly) {
            return;
        }
        Observation observation = Observation.createNotStarted("msgtrans.session", registry)
                .contextualName("msgtrans session")
                .lowCardinalityKeyValue("protocol", session.scheme())
                .highCardinalityKeyValue("peer", String.valueOf(session.remoteAddress()))
                .start();
        var unused = session.onClose().subscribe(reason -> ended(observation, reason));
    }

    private static void ended(Observation observation, CloseReason reason) {
        observation.lowCardinalityKeyValue("close", reason.kind().name());
        if (!reason.isOrderly()) {
            observation.error(new IllegalStateException("the session ended: " + reason));
        }
        observation.stop();
    }
}
