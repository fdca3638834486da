package io.msgtrans.reactive.samples.iot;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** A table of readings in an embedded database, through R2DBC. The driver works on the thread that asks it, so it has its own. */
final class ReadingStore implements Disposable {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String TABLE =
            "CREATE TABLE reading (device INT, time_millis BIGINT, celsius REAL, volts REAL)";
    private static final String INSERT = "INSERT INTO reading VALUES ($1, $2, $3, $4)";

    private final Scheduler scheduler = Schedulers.newSingle("iot-store", true);
    private final Connection connection;

    private ReadingStore(Connection connection) {
        this.connection = connection;
    }

    /** An empty one in memory. */
    static ReadingStore inMemory() {
        Connection opened =
                Objects.requireNonNull(Mono.from(ConnectionFactories.get("r2dbc:h2:mem:///" + UUID.randomUUID())
                                .create())
                        .block(LIMIT));
        Flux.from(opened.createStatement(TABLE).execute())
                .flatMap(Result::getRowsUpdated)
                .blockLast(LIMIT);
        return new ReadingStore(opened);
    }

    /** Inserts all in one statement; completes when they are stored. */
    Mono<Void> insert(List<Reading> readings) {
        return Mono.defer(() -> {
                    Statement insert = connection.createStatement(INSERT);
                    for (int i = 0; i < readings.size(); i++) {
                        Reading reading = readings.get(i);
                        if (i > 0) {
                            insert.add();
                        }
                        insert.bind(0, reading.device())
                                .bind(1, reading.timeMillis())
                                .bind(2, reading.celsius())
                                .bind(3, reading.volts());
                    }
                    return Flux.from(insert.execute())
                            .flatMap(Result::getRowsUpdated)
                            .then();
                })
                .subscribeOn(scheduler);
    }

    /** How many there are. */
    Mono<Long> count() {
        return Flux.from(connection
                        .createStatement("SELECT COUNT(*) FROM reading")
                        .execute())
                .flatMap(result -> result.map((row, metadata) -> Objects.requireNonNull(row.get(0, Long.class))))
                .next()
                .subscribeOn(scheduler);
    }

    @Override
    public void dispose() {
        Mono.from(connection.close()).subscribeOn(scheduler).block(LIMIT);
        scheduler.dispose();
    }
}
