package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.monitor.Latencies;
import io.netty.util.collection.IntObjectHashMap;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/** The peer's requests that have no answer yet, and those that it gave up. Event loop only, but for what users call. */
final class PeerRequests {

    /** Given up before a handler asked; what is older is forgotten, and its answer is sent for nothing. */
    private static final int REMEMBERED = 1024;
    /** Measured at a time, a power of two. */
    private static final int MEASURED = 32;

    private final SessionHandler handler;
    private final Runnable workEnded;
    private final Latencies times;
    private long received;
    private int unanswered;
    private boolean ended;
    /** Who wants to know when a request is given up, by its message id; those of answered requests are forgotten. */
    private @Nullable IntObjectHashMap<MonoSink<Void>> watchers;

    /** Which requests are measured and when they arrived, or 0; one whose place is taken by a later one is not. */
    private int @Nullable [] measuredIds;

    private long @Nullable [] measuredNanos;

    /** What the peer gave up, and whether it is still counted as unanswered. */
    private @Nullable Map<Integer, Boolean> givenUp;

    /**
     * @param workEnded called when one that was waited for is given up
     * @param times how long answers take
     */
    PeerRequests(SessionHandler handler, Runnable workEnded, Latencies times) {
        this.handler = handler;
        this.workEnded = workEnded;
        this.times = times;
    }

    /** Completes when the peer gives up on a request, or the session ends. For users, from any thread. */
    Mono<Void> cancelled(Packet request) {
        int id = (int) request.messageId();
        return Mono.create(sink -> {
            sink.onDispose(() -> handler.inEventLoop(() -> unwatch(id, sink)));
            handler.inEventLoop(() -> watch(id, sink));
        });
    }

    private void watch(int id, MonoSink<Void> sink) {
        if (ended || (givenUp != null && givenUp.containsKey(id))) {
            release(id);
            sink.success();
            return;
        }
        if (watchers == null) {
            watchers = new IntObjectHashMap<>(4);
        }
        MonoSink<Void> before = watchers.put(id, sink);
        if (before != null) {
            before.success(); // the peer used the id again
        }
    }

    private void unwatch(int id, MonoSink<Void> sink) {
        if (watchers != null && watchers.get(id) == sink) {
            watchers.remove(id);
        }
    }

    /** A request is on its way to the subscriber. */
    void received(int id) {
        unanswered++;
        received++;
        if (times.samples(id)) {
            measure(id);
        }
        if (givenUp != null) {
            givenUp.remove(id);
        }
    }

    /** Its answer is on its way to the peer. */
    void answered(int id) {
        if (measuredIds != null && times.maySample(id)) {
            measuredAnswer(id);
        }
        if (watchers != null) {
            watchers.remove(id);
        }
        boolean counted = givenUp == null || !Boolean.FALSE.equals(givenUp.get(id));
        if (counted && unanswered > 0) {
            unanswered--;
        }
    }

    private void measure(int id) {
        if (measuredIds == null || measuredNanos == null) {
            measuredIds = new int[MEASURED];
            measuredNanos = new long[MEASURED];
        }
        int place = place(id);
        measuredIds[place] = id;
        measuredNanos[place] = System.nanoTime();
    }

    private void measuredAnswer(int id) {
        int place = place(id);
        if (measuredIds != null && measuredNanos != null && measuredIds[place] == id && measuredNanos[place] != 0) {
            times.record(System.nanoTime() - measuredNanos[place]);
            measuredNanos[place] = 0;
        }
    }

    /** Ids are consecutive, or every 16th of them. */
    private static int place(int id) {
        return (id ^ id >>> 4) & (MEASURED - 1);
    }

    long received() {
        return received;
    }

    private void release(int id) {
        if (givenUp != null && Boolean.TRUE.equals(givenUp.replace(id, false)) && unanswered > 0) {
            unanswered--;
            workEnded.run();
        }
    }

    /** The peer does not wait for an answer any more: whoever works on it is told, and it is not waited for. */
    void givenUp(int id) {
        if (measuredNanos != null && measuredIds != null && measuredIds[place(id)] == id) {
            measuredNanos[place(id)] = 0;
        }
        if (givenUp == null) {
            givenUp = new LinkedHashMap<>();
        }
        givenUp.put(id, true);
        if (givenUp.size() > REMEMBERED) {
            Iterator<Integer> oldest = givenUp.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
        MonoSink<Void> watcher = watchers == null ? null : watchers.remove(id);
        if (watcher != null) {
            release(id);
            watcher.success();
        }
    }

    int unanswered() {
        return unanswered;
    }

    /** The session has ended: nobody waits for any answer. */
    void end() {
        ended = true;
        if (watchers != null) {
            List<MonoSink<Void>> all = new ArrayList<>(watchers.values());
            watchers = null;
            all.forEach(MonoSink::success);
        }
    }
}
