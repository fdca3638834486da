package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.AttemptsFailedException;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.reconnect.ConnectionState;
import io.msgtrans.reactive.reconnect.ConnectionState.Kind;
import io.msgtrans.reactive.reconnect.ReconnectOptions;
import io.msgtrans.reactive.reconnect.ReconnectingSession;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/** A client whose server goes away and comes back on the same port. */
@ExtendWith(LeakCheck.class)
class ReconnectTest {

    private static final ReconnectOptions OPTIONS = ReconnectOptions.DEFAULTS
            .minBackoff(Duration.ofMillis(10))
            .maxBackoff(Duration.ofMillis(100))
            .attempts(1000);

    private final Queue<ConnectionState> states = new ConcurrentLinkedQueue<>();
    private BoundServer server;
    private ReconnectingSession session;

    private void serve(int port, Function<Session, Publisher<Void>> handler) {
        server = TransportServer.create()
                .listen("tcp://127.0.0.1:" + port)
                .handle(handler)
                .bindNow();
    }

    private void serveAgain(Function<Session, Publisher<Void>> handler) {
        serve(server.uri().getPort(), handler);
    }

    private ReconnectingSession connect(ReconnectOptions options) {
        session = ReconnectingSession.of(TransportClient.create(server.uri().toString()), options);
        session.states().subscribe(states::add);
        return session;
    }

    private static Packet question() {
        return Packet.request("?");
    }

    @BeforeEach
    void start() {
        serve(0, TransportContract::echo);
    }

    @AfterEach
    void end() {
        session.dispose();
        TransportContract.stop(server);
    }

    private List<Kind> kinds() {
        return states.stream().map(ConnectionState::kind).distinct().toList();
    }

    @Test
    void whatIsAskedForWhileTheServerIsAwayWaitsForItsReturn() {
        connect(OPTIONS);
        assertThat(session.request(question()).map(Packet::payloadText).block(TransportContract.LIMIT))
                .isEqualTo("?");
        TransportContract.stop(server);
        TransportContract.until("it is lost", () -> kinds().contains(Kind.LOST));
        assertThat(session.offer(Packet.oneWay("x"))).isEqualTo(OfferResult.FULL);
        Mono<String> waiting =
                session.request(question()).map(Packet::payloadText).cache();
        waiting.subscribe();
        serveAgain(TransportContract::echo);
        assertThat(waiting.block(TransportContract.LIMIT)).isEqualTo("?");
        assertThat(kinds()).contains(Kind.CONNECTING, Kind.OPEN, Kind.LOST);
    }

    @Test
    void aRepeatableRequestSurvivesItsConnectionAndAnotherFails() {
        TransportContract.stop(server);
        serveAgain(silent -> Mono.never());
        connect(OPTIONS);
        Mono<String> repeatable = session.requestRepeatable(question(), TransportContract.LIMIT)
                .map(Packet::payloadText)
                .cache();
        repeatable.subscribe();
        Mono<Packet> once = session.request(question()).cache();
        once.onErrorComplete().subscribe();
        TransportContract.until(
                "both are sent",
                () -> server.sessions().stream()
                        .anyMatch(accepted -> accepted.stats().bytesReceived() >= 34));
        TransportContract.stop(server);
        serveAgain(TransportContract::echo);
        assertThatThrownBy(() -> once.block(TransportContract.LIMIT)).isInstanceOf(ConnectionLostException.class);
        assertThat(repeatable.block(TransportContract.LIMIT)).isEqualTo("?");
    }

    @Test
    void itIsGivenUpAfterTheAttemptsThatAreAllowed() {
        connect(OPTIONS.attempts(3));
        session.session().block(TransportContract.LIMIT);
        TransportContract.stop(server);
        TransportContract.until("it is given up", () -> kinds().contains(Kind.FAILED));
        assertThatThrownBy(() -> session.request(question()).block(TransportContract.LIMIT))
                .isInstanceOf(ConnectFailedException.class)
                .hasMessageContaining("given up after 3 attempts");
        assertThatThrownBy(() -> session.receive().blockLast(TransportContract.LIMIT))
                .isInstanceOf(ConnectFailedException.class);
        assertThat(session.offer(Packet.oneWay("x"))).isEqualTo(OfferResult.CLOSED);
        serveAgain(TransportContract::echo);
    }

    @Test
    void whatSessionsReceiveComesOneAfterTheOther() {
        connect(OPTIONS);
        Queue<String> received = new ConcurrentLinkedQueue<>();
        session.receive().map(Packet::payloadText).subscribe(received::add);
        session.send(Mono.just(Packet.oneWay("one"))).block(TransportContract.LIMIT);
        TransportContract.until("it came back", () -> received.contains("one"));
        server.sessions().forEach(Session::dispose);
        TransportContract.until("it is lost", () -> kinds().contains(Kind.LOST));
        session.send(Mono.just(Packet.oneWay("two"))).block(TransportContract.LIMIT);
        TransportContract.until("it came back too", () -> received.contains("two"));
        assertThat(received).containsExactly("one", "two");
    }

    @Test
    void disposeEndsItForGood() {
        connect(OPTIONS);
        session.session().block(TransportContract.LIMIT);
        session.dispose();
        TransportContract.until("the server has seen it", () -> server.sessionCount() == 0);
        assertThat(session.states().collectList().block(TransportContract.LIMIT))
                .extracting(ConnectionState::kind)
                .containsExactly(Kind.CLOSED);
        assertThatThrownBy(() -> session.session().block(TransportContract.LIMIT))
                .isInstanceOf(ConnectionLostException.class);
        assertThat(session.isDisposed()).isTrue();
    }

    @Test
    void optionsOutOfRangeAreRefused() {
        connect(OPTIONS);
        assertThatThrownBy(() -> OPTIONS.attempts(0)).hasMessage("attempts 0 is not positive");
        assertThatThrownBy(() -> OPTIONS.jitter(2)).hasMessage("jitter 2.0 is outside 0..1");
        assertThatThrownBy(() -> OPTIONS.minBackoff(Duration.ZERO)).hasMessageContaining("minBackoff PT0S is outside");
    }

    @Test
    void whoWaitsForAConnectionDoesSoUntilItsTimeIsOver() {
        TransportContract.stop(server);
        session = ReconnectingSession.of(
                TransportClient.create(server.uri().toString()).session(o -> o.requestTimeout(Duration.ofMillis(100))),
                OPTIONS);
        assertThatThrownBy(() -> session.request(question()).block(TransportContract.LIMIT))
                .isInstanceOf(RequestTimeoutException.class)
                .hasMessage("no connection to " + server.uri() + " within PT0.1S (option requestTimeout)");
        assertThatThrownBy(() -> session.send(Mono.just(Packet.oneWay("x"))).block(TransportContract.LIMIT))
                .isInstanceOf(RequestTimeoutException.class);
        assertThatThrownBy(() -> session.requestRepeatable(question(), Duration.ofMillis(100))
                        .block(TransportContract.LIMIT))
                .isInstanceOf(RequestTimeoutException.class);
        serveAgain(accepted -> accepted.receive().next().then(Mono.fromRunnable(accepted::dispose)));
        assertThatThrownBy(() -> session.requestRepeatable(question(), Duration.ofSeconds(1))
                        .block(TransportContract.LIMIT))
                .isInstanceOf(AttemptsFailedException.class)
                .hasMessageContaining("(no answer within PT1S): " + server.uri());
    }
}
