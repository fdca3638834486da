package io.msgtrans.reactive.eventloop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SelectStrategy;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketChannel;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

class EventLoopsTest {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final List<EventLoops> made = new ArrayList<>();

    private EventLoops create(EventLoopOptions options) {
        EventLoops loops = EventLoops.create(options);
        made.add(loops);
        return loops;
    }

    @AfterEach
    void end() {
        made.forEach(loops -> loops.disposeLater(Duration.ZERO, LIMIT).block(LIMIT));
    }

    private static void start(EventLoopGroup group) {
        for (EventExecutor loop : group) {
            loop.submit(() -> {}).syncUninterruptibly();
        }
    }

    /** The processors on which each thread with such a name may run, as the kernel tells of them. */
    private static List<String> masks(String name) throws IOException {
        List<String> masks = new ArrayList<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            for (Path task : tasks.toList()) {
                List<String> status = status(task);
                if (status.stream().anyMatch(line -> line.startsWith("Name:\t" + name))) {
                    masks.add(status.stream()
                            .filter(line -> line.startsWith("Cpus_allowed_list:"))
                            .map(line -> line.substring("Cpus_allowed_list:".length())
                                    .strip())
                            .collect(Collectors.joining()));
                }
            }
        }
        return masks;
    }

    /** What the kernel says of a thread; nothing when that has ended, as threads of other tests may do at any time. */
    private static List<String> status(Path task) throws IOException {
        try {
            return Files.readAllLines(task.resolve("status"));
        } catch (IOException gone) {
            if (Files.exists(task)) {
                throw gone;
            }
            return List.of();
        }
    }

    @Test
    void thereIsOneForEachProcessorUnlessToldOtherwise() {
        assertThat(create(EventLoopOptions.DEFAULTS).threads())
                .isEqualTo(Runtime.getRuntime().availableProcessors());
        EventLoops three = create(EventLoopOptions.DEFAULTS.threads(3));
        assertThat(three.onServer(true)).hasSize(3).isEqualTo(three.onClient(false));
        assertThat(three.onServerSelect(true)).hasSize(1).isNotEqualTo(three.onServer(true));
    }

    @Test
    void channelsAreOfTheKind() {
        EventLoops nio = create(EventLoopOptions.DEFAULTS.io(IoKind.NIO));
        assertThat(nio.onChannelClass(SocketChannel.class, nio.onClient(true))).isEqualTo(NioSocketChannel.class);
        assertThat(nio.onChannel(SocketChannel.class, nio.onClient(true))).isInstanceOf(NioSocketChannel.class);
        assertThatThrownBy(() -> nio.onChannelClass(DomainSocketChannel.class, nio.onClient(true)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no DomainSocketChannel on NIO");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void epollIsPreferredWhereItIsThere() {
        EventLoops loops = create(EventLoopOptions.DEFAULTS);
        assertThat(loops.io()).isEqualTo(IoKind.EPOLL);
        assertThat(loops.onChannelClass(SocketChannel.class, loops.onClient(true)))
                .isEqualTo(EpollSocketChannel.class);
        assertThat(loops.onChannelClass(DatagramChannel.class, loops.onClient(true)))
                .isEqualTo(EpollDatagramChannel.class);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void whatIsNotHereIsNamed() {
        assertThatThrownBy(() -> EventLoops.create(EventLoopOptions.DEFAULTS.io(IoKind.KQUEUE)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("option io: KQUEUE is not available here")
                .hasMessageContaining("netty-transport-native-kqueue");
    }

    @Test
    void namesTellWhatThreadsAreFor() {
        EventLoops loops = create(EventLoopOptions.DEFAULTS
                .name("orders")
                .threads(1)
                .io(IoKind.NIO)
                .spin(Duration.ZERO));
        assertThat(Mono.fromSupplier(() -> Thread.currentThread().getName())
                        .subscribeOn(Schedulers.fromExecutor(loops.onServer(true)))
                        .block(LIMIT))
                .isEqualTo("orders-nio-1");
        assertThat(loops).hasToString("1 event loop orders on nio");
    }

    @Test
    void blockingOnThemFails() {
        EventLoops loops = create(EventLoopOptions.DEFAULTS.threads(1));
        assertThatThrownBy(() ->
                        loops.onServer(true).submit(() -> Mono.never().block()).get())
                .hasRootCauseInstanceOf(IllegalStateException.class)
                .hasMessageContaining("not supported in thread msgtrans");
    }

    @Test
    void thoseThatAreDisposedMakeNoMore() {
        EventLoops loops = create(EventLoopOptions.DEFAULTS.threads(1));
        EventLoopGroup workers = loops.onServer(true);
        start(workers);
        loops.disposeLater(Duration.ZERO, LIMIT).block(LIMIT);
        assertThat(loops.isDisposed()).isTrue();
        assertThat(workers.isTerminated()).isTrue();
        assertThatThrownBy(() -> loops.onServerSelect(true)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void pinnedThreadsRunOnTheirProcessorsAndNoOther() throws IOException {
        CpuTopology topology = CpuTopology.read();
        EventLoops loops =
                create(EventLoopOptions.DEFAULTS.name("pin").threads(4).pinning(Pinning.PROCESSOR));
        start(loops.onServer(true));
        List<String> expected = topology.place(4, Pinning.PROCESSOR).stream()
                .map(place -> Integer.toString(place.nextSetBit(0)))
                .toList();
        assertThat(masks("pin-epoll")).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void threadsOfANodeRunOnAllOfItsProcessors() throws IOException {
        List<Integer> first = CpuTopology.read().nodes().get(0).processors();
        assumeTrue(CpuTopology.read().nodes().size() == 1, "one node");
        EventLoops loops =
                create(EventLoopOptions.DEFAULTS.name("node").threads(2).pinning(Pinning.NODE));
        start(loops.onServer(true));
        int last = first.stream().mapToInt(Integer::intValue).max().orElseThrow();
        assumeTrue(last == first.size() - 1, "without gaps");
        String all = last == 0 ? "0" : "0-" + last;
        assertThat(masks("node-epoll"))
                .containsExactlyElementsOf(
                        IntStream.range(0, 2).mapToObj(i -> all).toList());
    }

    @Test
    void optionsThatAreTheSameAreEqual() {
        EventLoopOptions one = EventLoopOptions.DEFAULTS.threads(2).busyPolling(true);
        assertThat(one)
                .isEqualTo(EventLoopOptions.DEFAULTS.busyPolling(true).threads(2))
                .hasSameHashCodeAs(EventLoopOptions.DEFAULTS.busyPolling(true).threads(2))
                .isNotEqualTo(one.pinning(Pinning.NODE))
                .isNotEqualTo(one.spin(Duration.ofMillis(1)));
        assertThatThrownBy(() -> one.threads(-1)).hasMessage("threads -1 is outside 0..4096");
        assertThatThrownBy(() -> one.spin(Duration.ofSeconds(1))).hasMessage("spin PT1S is outside 0..1 ms");
    }

    @Test
    void busyEventLoopsSleepWhenTheyHaveNoSocket() throws IOException {
        for (IoKind kind : List.of(IoKind.AUTO, IoKind.NIO)) {
            EventLoops loops = create(
                    EventLoopOptions.DEFAULTS.name("sleepy").threads(1).io(kind).busyPolling(true));
            EventLoopGroup group = loops.onClient(true);
            Thread thread = group.next()
                    .submit(Thread::currentThread)
                    .syncUninterruptibly()
                    .getNow();
            try (ServerSocket peer = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                Channel channel = connect(loops, peer);
                until("it polls", () -> share(thread) > 0.5);
                channel.close().syncUninterruptibly();
                until("it sleeps", () -> share(thread) < 0.05);
            }
        }
    }

    private static Channel connect(EventLoops loops, ServerSocket peer) {
        EventLoopGroup group = loops.onClient(true);
        return new Bootstrap()
                .group(group)
                .channel(loops.onChannelClass(SocketChannel.class, group))
                .handler(new ChannelInboundHandlerAdapter())
                .connect(peer.getLocalSocketAddress())
                .syncUninterruptibly()
                .channel();
    }

    @Test
    void eventLoopsThatSpinGiveUpWhereNothingComesAndTryAgainNowAndThen() throws Exception {
        EventLoops loops =
                create(EventLoopOptions.DEFAULTS.name("spin").threads(1).spin(Duration.ofNanos(1_000)));
        onLoopWithSocket(loops, loop -> {
            for (int i = 0; i < 4; i++) {
                assertThat(polls(loop, NEVER)).as("wait %d", i).isPositive();
            }
            for (int trial = 0; trial < 3; trial++) {
                sleepsAtOnce(loop, 64);
                assertThat(polls(loop, NEVER)).as("trial %d", trial).isPositive();
            }
            sleepsAtOnce(loop, 64);
            assertThat(polls(loop, 2)).as("a trial that pays").isEqualTo(2);
            assertThat(polls(loop, 2)).isEqualTo(2);
        });
        PollingLoop loop = (PollingLoop) loops.onClient(true).next();
        assertThat(loop.submit(() -> polls(loop, 1)).sync().getNow())
                .as("without a socket")
                .isZero();
        assertThat(loops.toString()).endsWith(", polling for up to 1 us before they sleep");
    }

    @Test
    void anEventLoopThatOthersKeepFromItsProcessorStopsAskingAtOnce() throws Exception {
        EventLoops loops =
                create(EventLoopOptions.DEFAULTS.name("away").threads(1).spin(Duration.ofMillis(1)));
        onLoopWithSocket(loops, loop -> {
            assertThat(loop.calculateStrategy(() -> 0, false)).isZero();
            LockSupport.parkNanos(200_000); // the processor is another's
            assertThat(loop.calculateStrategy(() -> 0, false)).isEqualTo(SelectStrategy.SELECT);
            sleepsAtOnce(loop, 64);
            assertThat(polls(loop, 2)).as("a trial that pays").isEqualTo(2);
            assertThat(polls(loop, 2)).isEqualTo(2);
        });
    }

    private interface Check {
        void run(PollingLoop loop) throws Exception;
    }

    /** Runs the check on the only event loop while that has a socket, and has found events soon whenever it asked. */
    private static void onLoopWithSocket(EventLoops loops, Check check) throws Exception {
        try (ServerSocket peer = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Channel channel = connect(loops, peer);
            PollingLoop loop = (PollingLoop) channel.eventLoop();
            loop.submit(() -> {
                        for (int i = 0; i < 100; i++) {
                            polls(loop, 2);
                        }
                        check.run(loop);
                        return null;
                    })
                    .sync();
            channel.close().sync();
        }
    }

    @Test
    void theyAskForAWhileByDefaultButNotWhereProcessorTimeIsLimited() {
        EventLoopOptions defaults = EventLoopOptions.DEFAULTS;
        assertThat(defaults.spin()).isEqualTo(Duration.ofNanos(50_000));
        assertThat(defaults.pollNanos(IoKind.EPOLL, false)).isEqualTo(50_000);
        assertThat(defaults.pollNanos(IoKind.EPOLL, true)).isZero();
        assertThat(defaults.pollNanos(IoKind.IO_URING, false)).isZero();
        assertThat(defaults.spin(Duration.ZERO).pollNanos(IoKind.EPOLL, false)).isZero();
        assertThat(defaults.spin(Duration.ofNanos(50_000)).pollNanos(IoKind.EPOLL, true))
                .as("named")
                .isEqualTo(50_000);
        assertThat(defaults.busyPolling(true).pollNanos(IoKind.EPOLL, true)).isEqualTo(PollingLoop.FOR_EVER);
        assertThat(create(defaults.spin(Duration.ZERO)).toString()).doesNotContain("polling");
    }

    private static void sleepsAtOnce(PollingLoop loop, int times) throws Exception {
        for (int i = 0; i < times; i++) {
            assertThat(polls(loop, NEVER)).isZero();
        }
    }

    private static final int NEVER = Integer.MAX_VALUE;

    /** How often a loop asks for events that come with the poll of a number, before it gets them or sleeps. */
    private static int polls(PollingLoop loop, int found) throws Exception {
        AtomicInteger polls = new AtomicInteger();
        int strategy;
        do {
            strategy = loop.calculateStrategy(() -> polls.incrementAndGet() == found ? 1 : 0, false);
        } while (strategy == 0);
        return polls.get();
    }

    /** The part of a processor that a thread uses in the next tenth of a second, of what it could have had. */
    private static double share(Thread thread) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long start = System.nanoTime();
        long before = threads.getThreadCpuTime(thread.getId());
        LockSupport.parkNanos(100_000_000);
        return (double) (threads.getThreadCpuTime(thread.getId()) - before) / (System.nanoTime() - start);
    }

    private static void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
        }
    }
}
