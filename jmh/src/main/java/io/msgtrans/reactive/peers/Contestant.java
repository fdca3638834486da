package io.msgtrans.reactive.peers;

/**
 * One way to move packets: a server part and a client part, which run in separate processes. To add one, implement this
 * and name it in {@link Contestants}.
 */
public interface Contestant {

    /**
     * Starts the server and returns when it listens. It counts packets and answers requests for the count
     * ({@link Workload.Kind#ONEWAY}), or sends every packet back as it came.
     *
     * @param port port on the loopback interface, 0 for any free one
     */
    PeerServer startServer(int port, BenchSettings settings) throws Exception;

    /**
     * Connects, keeps the load up while one of the recorder's {@code measure} methods runs, and closes the connections
     * before it returns: {@link Recorder#measureConfirmed} with the server's count, or {@link Recorder#measureReplies}
     * with one {@link Recorder#newLane() lane} for each connection. A connection that breaks goes to
     * {@link Recorder#fail}.
     */
    void run(String host, int port, BenchSettings settings, Recorder recorder) throws Exception;
}
