package io.msgtrans.reactive.peers;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * gRPC over cleartext HTTP/2, with bytes instead of protocol buffers, calls on the event loop (direct executor) and flow
 * control by {@code isReady}: only the workloads on streams.
 */
public final class GrpcContestant implements Contestant {

    private static final long END_SECONDS = 5;
    private static final String SERVICE = "peers";
    private static final MethodDescriptor<byte[], byte[]> STREAM = method("stream", MethodType.SERVER_STREAMING);
    private static final MethodDescriptor<byte[], byte[]> CHANNEL = method("channel", MethodType.BIDI_STREAMING);
    private static final MethodDescriptor<byte[], byte[]> PROBE = method("probe", MethodType.UNARY);

    private static MethodDescriptor<byte[], byte[]> method(String name, MethodType type) {
        return MethodDescriptor.<byte[], byte[]>newBuilder()
                .setType(type)
                .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, name))
                .setRequestMarshaller(new Bytes())
                .setResponseMarshaller(new Bytes())
                .build();
    }

    private static final class Bytes implements Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readNBytes(stream.available()); // the whole message is there
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    // ---- server ----

    @Override
    public PeerServer startServer(int port, BenchSettings settings) throws IOException {
        byte[] payload = new byte[settings.workload().payloadBytes()];
        ServerServiceDefinition service = ServerServiceDefinition.builder(SERVICE)
                .addMethod(STREAM, ServerCalls.asyncServerStreamingCall((request, out) -> stream(payload, out)))
                .addMethod(CHANNEL, ServerCalls.asyncBidiStreamingCall(Echo::new))
                .addMethod(PROBE, ServerCalls.asyncUnaryCall((request, out) -> {
                    out.onNext(request);
                    out.onCompleted();
                }))
                .build();
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .directExecutor()
                .addService(service)
                .build()
                .start();
        return new PeerServer() {
            @Override
            public int port() {
                return server.getPort();
            }

            @Override
            public void close() {
                server.shutdownNow();
            }
        };
    }

    private static void stream(byte[] payload, StreamObserver<byte[]> out) {
        ServerCallStreamObserver<byte[]> call = (ServerCallStreamObserver<byte[]>) out;
        call.setOnCancelHandler(() -> {});
        call.setOnReadyHandler(() -> {
            while (call.isReady() && !call.isCancelled()) {
                call.onNext(payload);
            }
        });
    }

    /** Sends each item back, and asks for another when there is room. */
    private static final class Echo implements StreamObserver<byte[]> {
        private final ServerCallStreamObserver<byte[]> call;
        private boolean waiting;

        Echo(StreamObserver<byte[]> out) {
            call = (ServerCallStreamObserver<byte[]>) out;
            call.disableAutoRequest();
            call.setOnCancelHandler(() -> {});
            call.setOnReadyHandler(() -> {
                if (waiting) {
                    waiting = false;
                    call.request(1);
                }
            });
            call.request(1);
        }

        @Override
        public void onNext(byte[] item) {
            call.onNext(item);
            if (call.isReady()) {
                call.request(1);
            } else {
                waiting = true;
            }
        }

        @Override
        public void onError(Throwable error) {}

        @Override
        public void onCompleted() {
            call.onCompleted();
        }
    }

    // ---- client ----

    @Override
    public void run(String host, int port, BenchSettings settings, Recorder recorder) throws Exception {
        Workload workload = settings.workload();
        if (!workload.kind().onStreams()) {
            throw new IllegalArgumentException("gRPC runs the workloads on streams only");
        }
        byte[] payload = new byte[workload.payloadBytes()];
        Tally tally = new Tally();
        List<ManagedChannel> channels = new ArrayList<>();
        try {
            for (int i = 0; i < workload.connections(); i++) {
                ManagedChannel channel = NettyChannelBuilder.forAddress(host, port)
                        .usePlaintext()
                        .directExecutor()
                        .build();
                channels.add(channel);
                Tally.Lane lane = tally.newLane();
                for (int stream = 0; stream < workload.window(); stream++) {
                    Receiver receiver = new Receiver(
                            payload, workload.kind() == Workload.Kind.CHANNEL ? payload : null, lane, recorder);
                    if (workload.kind() == Workload.Kind.STREAM) {
                        ClientCalls.asyncServerStreamingCall(
                                channel.newCall(STREAM, CallOptions.DEFAULT), new byte[0], receiver);
                    } else {
                        ClientCalls.asyncBidiStreamingCall(channel.newCall(CHANNEL, CallOptions.DEFAULT), receiver);
                    }
                }
            }
            recorder.probe(() -> probe(channels.get(0)));
            recorder.measureConfirmed(() -> CompletableFuture.completedFuture(tally.sum()));
        } finally {
            for (ManagedChannel channel : channels) {
                channel.shutdownNow().awaitTermination(END_SECONDS, TimeUnit.SECONDS);
            }
        }
    }

    private static CompletableFuture<?> probe(ManagedChannel channel) {
        CompletableFuture<byte[]> answer = new CompletableFuture<>();
        ClientCalls.asyncUnaryCall(channel.newCall(PROBE, CallOptions.DEFAULT), new byte[16], new StreamObserver<>() {
            @Override
            public void onNext(byte[] value) {
                answer.complete(value);
            }

            @Override
            public void onError(Throwable error) {
                answer.completeExceptionally(error);
            }

            @Override
            public void onCompleted() {}
        });
        return answer;
    }

    /** Counts items; sends as many as there is room for, when it has something to send. */
    private static final class Receiver implements ClientResponseObserver<byte[], byte[]> {
        private final byte[] expected;
        private final byte @Nullable [] sent;
        private final Tally.Lane lane;
        private final Recorder recorder;

        Receiver(byte[] expected, byte @Nullable [] sent, Tally.Lane lane, Recorder recorder) {
            this.expected = expected;
            this.sent = sent;
            this.lane = lane;
            this.recorder = recorder;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<byte[]> call) {
            byte[] item = sent;
            if (item != null) {
                call.setOnReadyHandler(() -> {
                    while (call.isReady()) {
                        call.onNext(item);
                    }
                });
            }
        }

        @Override
        public void onNext(byte[] item) {
            lane.add(item.length == expected.length ? 1 : 0);
        }

        @Override
        public void onError(Throwable error) {
            recorder.fail(error);
        }

        @Override
        public void onCompleted() {
            recorder.fail(new ClosedChannelException());
        }
    }
}
