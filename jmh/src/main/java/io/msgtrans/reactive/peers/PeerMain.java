package io.msgtrans.reactive.peers;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;

/**
 * One process of a run.
 *
 * <pre>
 *   server CONTESTANT WORKLOAD LIMIT_RATE
 *   client CONTESTANT WORKLOAD LIMIT_RATE HOST PORT WARM_UP_MILLIS MILLIS
 * </pre>
 *
 * <p>The server prints {@code LISTENING port}, the client one line of JSON. Both end when their standard input does, so
 * that none outlives the rig, and the client ends by itself some time after its window.
 */
public final class PeerMain {

    /** For connecting, two counts under load and closing. */
    static final Duration OVERHEAD_TIMEOUT = Duration.ofSeconds(40);

    private static final int FAILED = 1;
    private static final int TIMED_OUT = 2;

    private PeerMain() {}

    public static void main(String[] args) {
        try {
            if (args.length == 4 && args[0].equals("server")) {
                serve(args);
            } else if (args.length == 8 && args[0].equals("client")) {
                measure(args);
            } else {
                throw new IllegalArgumentException("not a server or client call: " + Arrays.toString(args));
            }
        } catch (Exception e) {
            e.printStackTrace();
            System.exit(FAILED);
        }
        System.exit(0);
    }

    private static void serve(String[] args) throws Exception {
        BenchSettings settings = settings(args, Duration.ZERO, Duration.ofSeconds(1));
        try (PeerServer server = Contestants.create(args[1]).startServer(0, settings)) {
            System.out.println("LISTENING " + server.port());
            awaitEndOfInput();
        }
    }

    private static void measure(String[] args) throws Exception {
        Duration warmUp = Duration.ofMillis(Long.parseLong(args[6]));
        Duration duration = Duration.ofMillis(Long.parseLong(args[7]));
        BenchSettings settings = settings(args, warmUp, duration);
        startDaemon("input", PeerMain::haltAtEndOfInput);
        startDaemon("deadline", () -> haltAfter(warmUp.plus(duration).plus(OVERHEAD_TIMEOUT)));
        Recorder recorder = new Recorder(settings);
        Contestants.create(args[1]).run(args[4], Integer.parseInt(args[5]), settings, recorder);
        System.out.println(recorder.result(args[1]).toJson());
    }

    private static BenchSettings settings(String[] args, Duration warmUp, Duration duration) {
        return new BenchSettings(Workload.parse(args[2]), warmUp, duration, Integer.parseInt(args[3]));
    }

    private static void startDaemon(String name, Runnable task) {
        Thread thread = new Thread(task, "peer-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void haltAtEndOfInput() {
        try {
            awaitEndOfInput();
        } catch (IOException e) {
            System.err.println("standard input: " + e);
        }
        Runtime.getRuntime().halt(FAILED);
    }

    private static void awaitEndOfInput() throws IOException {
        while (System.in.read() >= 0) {
            // nothing is expected, the end is
        }
    }

    private static void haltAfter(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        System.err.println("not done after " + time);
        Runtime.getRuntime().halt(TIMED_OUT);
    }
}
