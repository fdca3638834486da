package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.eventloop.EventLoopOptions;
import io.msgtrans.reactive.eventloop.EventLoops;
import io.msgtrans.reactive.group.BroadcastResult;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.GroupOptions;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.group.SlowMembers;
import io.netty.buffer.Unpooled;
import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Groups over the real transports, members of which are mixed. */
@ExtendWith(LeakCheck.class)
class GroupTest {

    private static final int PAYLOAD_BYTES = 1000;

    private final List<Session> clients = new ArrayList<>();
    private BoundServer server;

    private Group serve(GroupOptions options) {
        Group room = Groups.create(options).group("room");
        server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .listen("ws://127.0.0.1:0")
                .listen("mem://group-test")
                .handle(session -> {
                    room.join(session);
                    return session.receive().then();
                })
                .bindNow();
        return room;
    }

    private Session connect(int listener) {
        URI uri = server.uris().get(listener);
        Session client = TransportClient.create(uri.toString()).connectNow();
        clients.add(client);
        return client;
    }

    /** Reads all it gets. */
    private static Queue<Integer> reader(Session client) {
        Queue<Integer> received = new ConcurrentLinkedQueue<>();
        client.receive().map(GroupTest::number).onErrorComplete().subscribe(received::add);
        return received;
    }

    private static int number(Packet packet) {
        return Integer.parseInt(packet.payloadText().trim());
    }

    private static Packet numbered(int number) {
        return Packet.oneWay(String.format("%-" + PAYLOAD_BYTES + "d", number));
    }

    private static void join(Group room, int size) {
        TransportContract.until("all have joined", () -> room.size() == size);
    }

    @AfterEach
    void end() {
        clients.forEach(Session::dispose);
        TransportContract.stop(server);
    }

    @Test
    void membersWhoseEventLoopHasEndedHoldNothingUp() {
        Group room = serve(GroupOptions.DEFAULTS.pendingPackets(2));
        Queue<Integer> received = reader(connect(0));
        EventLoops loops =
                EventLoops.create(EventLoopOptions.DEFAULTS.name("ending").threads(1));
        BoundServer ending = TransportServer.create()
                .runOn(loops)
                .listen("tcp://127.0.0.1:0")
                .handle(session -> {
                    room.join(session);
                    return session.receive().then();
                })
                .bindNow();
        clients.add(TransportClient.create(ending.uri().toString()).connectNow());
        join(room, 2);
        loops.disposeLater(Duration.ZERO, Duration.ofSeconds(1)).block(TransportContract.LIMIT);
        for (int i = 0; i < 10; i++) {
            assertThat(room.broadcast(numbered(i)).block(TransportContract.LIMIT))
                    .isEqualTo(new BroadcastResult(1, 0, 0));
        }
        TransportContract.until("the other member has all", () -> received.size() == 10);
        TransportContract.stop(ending);
    }

    @Test
    void membersOfAllTransportsGetEverythingInOrder() {
        Group room = serve(GroupOptions.DEFAULTS.slowMembers(SlowMembers.WAIT));
        List<Queue<Integer>> received =
                IntStream.range(0, 12).mapToObj(i -> reader(connect(i % 3))).toList();
        join(room, 12);
        BroadcastResult result =
                room.broadcast(Flux.range(0, 5_000).map(GroupTest::numbered)).block(TransportContract.LIMIT);
        assertThat(result).isEqualTo(new BroadcastResult(12 * 5_000, 0, 0));
        List<Integer> all = IntStream.range(0, 5_000).boxed().toList();
        for (Queue<Integer> one : received) {
            TransportContract.until("all have arrived", () -> one.size() == 5_000);
            assertThat(List.copyOf(one)).isEqualTo(all);
        }
        assertThat(room.stats().delivered()).isEqualTo(12 * 5_000);
        assertThat(room.stats().broadcasts()).isEqualTo(5_000);
    }

    /** Files in memory without a name that this process has open. */
    private static long broadcastFiles() {
        Path open = Path.of("/proc/self/fd");
        try (Stream<Path> descriptors = Files.list(open)) {
            return descriptors.filter(GroupTest::isBroadcastFile).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isBroadcastFile(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("/dev/shm/msgtrans-broadcast");
        } catch (IOException closedMeanwhile) {
            return false;
        }
    }

    @Test
    void manyMembersTakeTheirBytesFromFilesInMemoryWhichEndWithThem() {
        assumeTrue(Epoll.isAvailable() && Files.isWritable(Path.of("/dev/shm")));
        EventLoops loops =
                EventLoops.create(EventLoopOptions.DEFAULTS.name("files").threads(1));
        TestCertificate made = TestCertificate.selfSigned("localhost");
        Group room = Groups.create(GroupOptions.DEFAULTS.slowMembers(SlowMembers.WAIT))
                .group("room");
        server = TransportServer.create()
                .runOn(loops)
                .listen("tcp://127.0.0.1:0")
                .listen("ws://127.0.0.1:0")
                .listen("tcps://127.0.0.1:0", options -> options.certificate(made.chain(), made.key()))
                .handle(session -> {
                    room.join(session);
                    return session.receive().then();
                })
                .bindNow();
        for (int n = 0; n < 30; n++) {
            int i = n;
            URI uri = server.uris().get(i % 3);
            clients.add(TransportClient.create(uri.toString())
                    .endpoint(options -> i % 3 == 2 ? options.trustAllInsecurely() : options)
                    .connectNow());
        }
        List<Queue<Integer>> received =
                clients.stream().skip(3).map(GroupTest::reader).toList();
        join(room, 30);
        Mono<BroadcastResult> result =
                room.broadcast(Flux.range(0, 4_000).map(GroupTest::numbered)).cache();
        result.subscribe();
        TransportContract.until(
                "who does not read holds the others up", () -> !received.get(0).isEmpty());
        TransportContract.until("there are files", () -> broadcastFiles() > 0);
        clients.get(0).dispose(); // with a part of a file in its outbound
        List<Queue<Integer>> late =
                clients.stream().skip(1).limit(2).map(GroupTest::reader).toList();
        BroadcastResult sent = Objects.requireNonNull(result.block(TransportContract.LIMIT));
        assertThat(sent.dropped()).isZero();
        List<Integer> all = IntStream.range(0, 4_000).boxed().toList();
        Stream.concat(received.stream(), late.stream()).forEach(one -> {
            TransportContract.until("all have arrived", () -> one.size() == 4_000);
            assertThat(List.copyOf(one)).isEqualTo(all);
        });
        clients.forEach(Session::dispose);
        TransportContract.until("the files are closed", () -> broadcastFiles() == 0);
        loops.disposeLater(Duration.ZERO, Duration.ofSeconds(1)).block(TransportContract.LIMIT);
    }

    @Test
    void offersOfManyThreadsKeepTheOrderOfEach() {
        Group room = serve(GroupOptions.DEFAULTS.slowMembers(SlowMembers.WAIT));
        Queue<Integer> received = reader(connect(0));
        join(room, 1);
        List<Thread> threads = IntStream.range(0, 3)
                .mapToObj(thread -> new Thread(() -> {
                    for (int i = 0; i < 5_000; ) {
                        i += room.offer(numbered(thread * 100_000 + i)) == OfferResult.ACCEPTED ? 1 : 0;
                    }
                }))
                .toList();
        threads.forEach(Thread::start);
        TransportContract.until("all have arrived", () -> received.size() == 15_000);
        int[] next = {0, 100_000, 200_000};
        assertThat(received).allSatisfy(number -> assertThat(number).isEqualTo(next[number / 100_000]++));
    }

    @Test
    void whoLeftOrEndedGetsNothingAndAnEmptyGroupLivesOn() {
        Group room = serve(GroupOptions.DEFAULTS);
        Queue<Integer> first = reader(connect(0));
        Queue<Integer> second = reader(connect(0));
        join(room, 2);
        Session member = room.members().iterator().next();
        assertThat(room.join(member)).isFalse();
        assertThat(room.broadcast(numbered(1)).block(TransportContract.LIMIT)).isEqualTo(new BroadcastResult(2, 0, 0));
        assertThat(room.leave(member)).isTrue();
        assertThat(room.leave(member)).isFalse();
        assertThat(room.broadcast(numbered(2)).block(TransportContract.LIMIT)).isEqualTo(new BroadcastResult(1, 0, 0));
        TransportContract.until("three have arrived", () -> first.size() + second.size() == 3);
        clients.forEach(Session::dispose);
        TransportContract.until("nobody is left", () -> room.size() == 0);
        assertThat(room.broadcast(numbered(3)).block(TransportContract.LIMIT)).isEqualTo(BroadcastResult.NONE);
        Queue<Integer> third = reader(connect(1));
        join(room, 1);
        room.broadcast(numbered(4)).block(TransportContract.LIMIT);
        TransportContract.until("it has arrived", () -> third.contains(4));
        assertThat(room.join(member)).isEqualTo(!member.isDisposed());
    }

    @Test
    void aPredicateChoosesAmongTheMembers() {
        Group room = serve(GroupOptions.DEFAULTS);
        Queue<Integer> tcp = reader(connect(0));
        Queue<Integer> mem = reader(connect(2));
        join(room, 2);
        assertThat(room.broadcast(numbered(1), member -> member.scheme().equals("mem"))
                        .block(TransportContract.LIMIT))
                .isEqualTo(new BroadcastResult(1, 0, 0));
        room.broadcast(numbered(2)).block(TransportContract.LIMIT);
        TransportContract.until("both have the last", () -> tcp.contains(2) && mem.contains(2));
        assertThat(tcp).containsExactly(2);
        assertThat(mem).containsExactly(1, 2);
    }

    /** Offers numbers from 0 on until the slow member's backlog has overflown; gives how many. */
    private static int overflow(Group room) {
        int sent = 0;
        while (room.stats().dropped() + room.stats().disconnected() < 100 && room.size() > 1 && sent < 200_000) {
            sent += room.broadcast(numbered(sent))
                            .blockOptional(TransportContract.LIMIT)
                            .isPresent()
                    ? 1
                    : 0;
        }
        return sent;
    }

    @ParameterizedTest
    @EnumSource(
            value = SlowMembers.class,
            names = {"LATEST", "DROP_OLDEST", "DROP_NEWEST", "DISCONNECT"})
    void aSlowMemberLosesByItsPolicyAndHoldsUpNoOther(SlowMembers policy) {
        Group room = serve(GroupOptions.DEFAULTS.slowMembers(policy).backlogPackets(32));
        Session slow = connect(0);
        Queue<Integer> fast = reader(connect(1));
        join(room, 2);
        int sent = overflow(room);
        TransportContract.until("the other has all", () -> fast.size() == sent);
        assertThat(List.copyOf(fast)).isEqualTo(IntStream.range(0, sent).boxed().toList());
        if (policy == SlowMembers.DISCONNECT) {
            assertThat(room.stats().disconnected()).isEqualTo(1);
            assertThat(room.size()).isEqualTo(1);
            assertThat(server.sessionCount()).isEqualTo(1);
            return;
        }
        assertThat(room.stats().backlog()).isLessThanOrEqualTo(32);
        long dropped = room.stats().dropped();
        Queue<Integer> late = reader(slow);
        TransportContract.until("the rest has arrived", () -> late.size() == sent - dropped);
        List<Integer> got = List.copyOf(late);
        assertThat(got).isSorted();
        assertThat(got.contains(sent - 1)).isEqualTo(policy != SlowMembers.DROP_NEWEST);
        room.broadcast(numbered(sent)).block(TransportContract.LIMIT);
        TransportContract.until("it is a member still", () -> late.contains(sent));
    }

    @Test
    void aGroupThatWaitsLosesNothingAndGoesAtThePaceOfTheSlowest() {
        Group room = serve(GroupOptions.DEFAULTS.slowMembers(SlowMembers.WAIT).backlogPackets(32));
        Session slow = connect(0);
        Queue<Integer> fast = reader(connect(2));
        join(room, 2);
        AtomicLong emitted = new AtomicLong();
        int count = 40_000;
        Mono<BroadcastResult> running = room.broadcast(
                        Flux.range(0, count).map(GroupTest::numbered).doOnNext(packet -> emitted.incrementAndGet()))
                .cache();
        running.subscribe();
        TransportContract.settled("it waits for the slow one", emitted::get);
        assertThat(emitted.get()).isLessThan(count);
        assertThat(room.offer(numbered(-1))).isEqualTo(OfferResult.FULL);
        Queue<Integer> late = reader(slow);
        assertThat(running.block(TransportContract.LIMIT)).isEqualTo(new BroadcastResult(2L * count, 0, 0));
        TransportContract.until("both have all", () -> fast.size() == count && late.size() == count);
        assertThat(List.copyOf(late))
                .isEqualTo(IntStream.range(0, count).boxed().toList());
    }

    @Test
    void aSlowMemberThatEndsIsWaitedForNoLonger() {
        Group room = serve(GroupOptions.DEFAULTS.slowMembers(SlowMembers.WAIT).backlogPackets(32));
        Session slow = connect(0);
        Queue<Integer> fast = reader(connect(2));
        join(room, 2);
        int count = 40_000;
        Mono<BroadcastResult> running =
                room.broadcast(Flux.range(0, count).map(GroupTest::numbered)).cache();
        running.subscribe();
        TransportContract.settled("it waits for the slow one", fast::size);
        slow.dispose();
        running.block(TransportContract.LIMIT);
        TransportContract.until("the other has all", () -> fast.size() == count);
    }

    @Test
    void ofEachKeyASlowMemberGetsTheLatestState() {
        Group room = serve(
                GroupOptions.DEFAULTS.conflateBy(packet -> number(packet) % 10).backlogPackets(32));
        Session slow = connect(0);
        join(room, 1);
        int sent = 0;
        while (room.stats().conflated() < 1_000 && sent < 200_000) {
            room.broadcast(numbered(sent++)).block(TransportContract.LIMIT);
        }
        assertThat(room.stats().dropped()).isZero();
        assertThat(room.stats().backlog()).isEqualTo(10);
        Queue<Integer> late = reader(slow);
        long conflated = room.stats().conflated();
        int last = sent;
        TransportContract.until("the rest has arrived", () -> late.size() == last - conflated);
        List<Integer> got = List.copyOf(late);
        assertThat(got.subList(got.size() - 10, got.size()))
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(last - 10, last).boxed().toList());
    }

    @Test
    void aKeyFunctionThatFailsCostsWhoIsBehindThatPacketAndNobodyElse() {
        Group room = serve(GroupOptions.DEFAULTS
                .conflateBy(packet -> {
                    if (number(packet) % 2 == 1) {
                        throw new IllegalStateException("no key for odd numbers");
                    }
                    return number(packet);
                })
                .backlogPackets(32));
        connect(0); // reads nothing
        Queue<Integer> other = reader(connect(2));
        join(room, 2);
        int sent = 0;
        while (room.stats().dropped() < 100 && sent < 200_000) {
            room.broadcast(numbered(sent++)).block(TransportContract.LIMIT);
        }
        assertThat(room.stats().backlog()).isPositive();
        int last = sent;
        TransportContract.until("the other has all", () -> other.size() == last);
    }

    @Test
    void packetsThatCannotBeSharedAreRefused() {
        Group room = serve(GroupOptions.DEFAULTS.pendingBytes(2_000));
        assertThatThrownBy(() -> room.offer(Packet.oneWay(new byte[4_000])))
                .isInstanceOf(LimitException.class)
                .hasMessageContaining("pendingBytes");
        StepVerifier.create(room.broadcast(Packet.oneWay(new byte[4_000]))).verifyError(LimitException.class);
        StepVerifier.create(room.broadcast(Flux.error(new IllegalStateException("x"))))
                .verifyErrorMessage("x");
        assertThatThrownBy(() -> GroupOptions.DEFAULTS.backlogPackets(0)).hasMessageContaining("outside 1..1048576");
    }

    @Test
    void groupsHaveNamesAndCanBeRemoved() {
        Groups groups = Groups.create();
        Group room = groups.group("a");
        assertThat(groups.group("a")).isSameAs(room);
        assertThat(groups.all()).containsExactly(room);
        server = TransportServer.create()
                .listen("mem://group-names")
                .handle(session -> {
                    groups.group("a").join(session);
                    return session.receive().then();
                })
                .bindNow();
        connect(0);
        join(room, 1);
        assertThat(groups.remove("a")).isTrue();
        assertThat(room.size()).isZero();
        assertThat(groups.all()).isEmpty();
    }

    @Test
    void anOwnedPacketIsReleasedAndMessageIdsAreKeptOrChosen() {
        Group room = serve(GroupOptions.DEFAULTS);
        Queue<Long> ids = new ConcurrentLinkedQueue<>();
        connect(0).receive().map(Packet::messageId).subscribe(ids::add);
        join(room, 1);
        room.broadcast(Packet.builder(PacketType.ONE_WAY)
                        .payload(Unpooled.directBuffer().writeInt(7))
                        .build())
                .block(TransportContract.LIMIT);
        room.broadcast(Packet.oneWay("x").withMessageId(77)).block(Duration.ofSeconds(10));
        TransportContract.until("both have arrived", () -> ids.size() == 2);
        assertThat(ids).containsExactly(1L, 77L);
    }
}
