package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler.FirstMatchingCompositeObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.handler.PropagatingReceiverTracingObservationHandler;
import io.micrometer.tracing.handler.PropagatingSenderTracingObservationHandler;
import io.micrometer.tracing.otel.bridge.OtelCurrentTraceContext;
import io.micrometer.tracing.otel.bridge.OtelPropagator;
import io.micrometer.tracing.otel.bridge.OtelTracer;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Codec;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Route;
import io.msgtrans.reactive.Router;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.tracing.ObservedTracing;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

/** Spans of a real tracing bridge, with an exporter in memory. */
@ExtendWith(LeakCheck.class)
class TracingTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final AttributeKey<String> PROTOCOL = AttributeKey.stringKey("protocol");

    private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
    private final SdkTracerProvider provider = SdkTracerProvider.builder()
            .addSpanProcessor(SimpleSpanProcessor.create(exporter))
            .build();
    private final ObservationRegistry registry = ObservationRegistry.create();
    private final ObservedTracing tracing = ObservedTracing.of(registry);
    private BoundServer server;
    private volatile String seenParent = "";

    @BeforeEach
    void start() {
        OtelTracer tracer = new OtelTracer(provider.get("test"), new OtelCurrentTraceContext(), event -> {});
        OtelPropagator propagator = new OtelPropagator(
                ContextPropagators.create(W3CTraceContextPropagator.getInstance()), provider.get("test"));
        registry.observationConfig()
                .observationHandler(new FirstMatchingCompositeObservationHandler(
                        new PropagatingSenderTracingObservationHandler<>(tracer, propagator),
                        new PropagatingReceiverTracingObservationHandler<>(tracer, propagator),
                        new DefaultTracingObservationHandler(tracer)));
        Router router = Router.create()
                .onRequest(
                        Route.bizType(1),
                        Codec.TEXT,
                        Codec.TEXT,
                        (session, text) -> Mono.deferContextual(context -> {
                            Observation own = context.get(ObservationThreadLocalAccessor.KEY);
                            seenParent = String.valueOf(own.getContext().getName());
                            return Mono.just(text);
                        }))
                .onRequest(
                        Route.bizType(3),
                        Codec.TEXT,
                        Codec.TEXT,
                        (session, text) -> Mono.delay(Duration.ofMillis(1)).map(tick -> {
                            Observation current = registry.getCurrentObservation();
                            seenParent = current == null
                                    ? "none"
                                    : String.valueOf(current.getContext().getName());
                            return text;
                        }))
                .onRequest(
                        Route.bizType(2),
                        Codec.TEXT,
                        Codec.TEXT,
                        (session, text) -> Mono.error(new IllegalStateException("wanted by the test")));
        server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .session(options -> options.tracing(tracing))
                .handle(router::handle)
                .bindNow();
    }

    @AfterEach
    void stop() {
        TransportContract.stop(server);
        provider.close();
    }

    private Session connect(Extensions extensions) {
        return TransportClient.create(server.uri().toString())
                .endpoint(options -> options.extensions(extensions))
                .session(options -> options.tracing(tracing))
                .connectNow();
    }

    private static Packet request(int biz) {
        return Packet.builder(PacketType.REQUEST).bizType(biz).payload("hello").build();
    }

    private List<SpanData> spans(int count) {
        TransportContract.until(
                "there are " + count + " spans",
                () -> exporter.getFinishedSpanItems().size() >= count);
        return exporter.getFinishedSpanItems();
    }

    private static SpanData named(List<SpanData> spans, SpanKind kind) {
        return spans.stream().filter(span -> span.getKind() == kind).findFirst().orElseThrow();
    }

    @Test
    void oneTraceGoesThroughBothProcesses() {
        Session session = connect(Extensions.ON);
        Observation own = Observation.start("business", registry);
        session.request(request(1))
                .contextWrite(context -> context.put(ObservationThreadLocalAccessor.KEY, own))
                .block(LIMIT);
        own.stop();
        List<SpanData> spans = spans(3);
        SpanData business = named(spans, SpanKind.INTERNAL);
        SpanData sent = named(spans, SpanKind.CLIENT);
        SpanData handled = named(spans, SpanKind.SERVER);
        assertThat(sent.getTraceId()).isEqualTo(business.getTraceId()).isEqualTo(handled.getTraceId());
        assertThat(sent.getParentSpanId()).isEqualTo(business.getSpanId());
        assertThat(handled.getParentSpanId()).isEqualTo(sent.getSpanId());
        assertThat(handled.getAttributes().get(PROTOCOL)).isEqualTo("tcp");
        assertThat(seenParent).isEqualTo("msgtrans.request.handled");
        session.dispose();
    }

    @Test
    void theObservationIsThatOfTheThreadWhereContextIsPropagated() {
        Hooks.enableAutomaticContextPropagation();
        try {
            Session session = connect(Extensions.ON);
            session.request(request(3)).block(LIMIT);
            assertThat(seenParent).isEqualTo("msgtrans.request.handled");
            session.dispose();
        } finally {
            Hooks.disableAutomaticContextPropagation();
        }
    }

    @Test
    void nothingTravelsToAPlainPeer() {
        Session session = connect(Extensions.OFF);
        session.request(request(1)).block(LIMIT);
        List<SpanData> spans = spans(2);
        assertThat(named(spans, SpanKind.SERVER).getTraceId())
                .isNotEqualTo(named(spans, SpanKind.CLIENT).getTraceId());
        session.dispose();
    }

    @Test
    void whatFailsIsMarkedOnBothSides() {
        Session session = connect(Extensions.ON);
        session.request(request(2)).onErrorComplete().block(LIMIT);
        List<SpanData> spans = spans(2);
        assertThat(spans).allMatch(span -> span.getStatus().getStatusCode() == StatusCode.ERROR);
        session.dispose();
    }

    @Test
    void aSessionIsASpan() {
        Session session = connect(Extensions.ON);
        session.close().block(LIMIT);
        List<SpanData> spans = spans(2);
        assertThat(spans).extracting(SpanData::getName).containsOnly("msgtrans session");
        assertThat(spans)
                .extracting(span -> span.getAttributes().get(AttributeKey.stringKey("close")))
                .containsExactlyInAnyOrder("LOCAL", "PEER");
    }

    @Test
    void aCancelledRequestEndsItsSpan() {
        Session session = connect(Extensions.ON);
        session.request(request(9)).timeout(Duration.ofMillis(1), Mono.empty()).block(LIMIT);
        assertThat(spans(1)).isNotEmpty();
        session.dispose();
    }
}
