package io.msgtrans.reactive.kafka;

import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.group.Groups;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.TopicConfig;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * One of several servers that act as one: broadcasts reach the members of a group on all nodes, and a packet can be sent to a session
 * wherever it is.
 *
 * <pre>{@code
 * KafkaCluster node = KafkaCluster.join(options, "game", "node-1", rooms).block();
 * node.broadcast("lobby", packet);                         // to the lobby of every node
 * node.enter("anna", session);                             // from now on anna is here
 * node.send("anna", packet);                               // from any node
 * }</pre>
 *
 * <p><b>Order.</b> Broadcasts go through Kafka also to this node's own members, so that all members see those of a key in the same
 * order, once. <b>Restart.</b> A node that comes back under its name gets what was broadcast meanwhile, as long as the topic keeps it.
 * <b>Presence.</b> The last {@link #enter} of a name wins. A node that is silent for 15 s is gone, and its names with it; that
 * is told by the brokers' clock, and an outage of the brokers makes nobody silent.
 *
 * <p>Topics are {@code prefix.broadcast}, {@code prefix.presence} (compacted), and {@code prefix.node.NAME} for each node; they are made
 * when they are not there.
 */
public final class KafkaCluster implements Disposable {

    private static final Logger log = Loggers.getLogger(KafkaCluster.class);
    private static final int BROADCAST_PARTITIONS = 12;
    private static final Duration SIGN_EVERY = Duration.ofSeconds(3);
    private static final Duration SILENT_AFTER = Duration.ofSeconds(15);
    private static final Duration READY_LIMIT = Duration.ofSeconds(60);
    private static final String GROUP = "msgtrans-group";
    private static final String TO = "msgtrans-to";
    /** A longer pause in all signs, this node's own among them, is an outage of the brokers. */
    private static final Duration OUTAGE_AFTER = SIGN_EVERY.multipliedBy(3);
    /** Keys of the presence topic: of nodes, whose value is a life of theirs, and of names, whose value is a node. */
    private static final String NODE_KEY = "n:";

    private static final String NAME_KEY = "s:";

    private final KafkaLink link;
    private final String prefix;
    private final String node;
    private final Groups groups;
    /** Tells this life of the node from those before it. */
    private final String life = UUID.randomUUID().toString();

    private final Map<String, Session> here = new ConcurrentHashMap<>();
    private final Map<String, String> nodeOfName = new ConcurrentHashMap<>();
    /** By the brokers' clock. */
    private final Map<String, Long> lastSignMillis = new ConcurrentHashMap<>();

    private final LongAdder undeliverable = new LongAdder();
    private final Sinks.Empty<Void> seenMyself = Sinks.empty();
    private final KafkaFanOut broadcasts;
    private final KafkaFanOut inbox;
    private final Disposable.Composite running = Disposables.composite();

    // Written by the one who follows the presence topic.
    private volatile long newestMillis;
    private volatile long forgivenUntilMillis;
    private volatile boolean joined;

    private KafkaCluster(KafkaLink link, String prefix, String node, Groups groups) {
        this.link = link;
        this.prefix = prefix;
        this.node = node;
        this.groups = groups;
        this.broadcasts = KafkaFanOut.alone(link, prefix + "." + node, broadcastTopic(), this::broadcasted);
        this.inbox = KafkaFanOut.alone(link, prefix + "." + node + ".inbox", inboxTopic(node), this::arrived);
        running.add(broadcasts);
        running.add(inbox);
        running.add(link.replay(presenceTopic())
                .subscribe(this::present, error -> log.error("presence is not followed any more", error)));
        running.add(Flux.interval(Duration.ZERO, SIGN_EVERY, Schedulers.parallel())
                .onBackpressureDrop()
                .concatMap(tick -> sign().onErrorComplete(), 1)
                .subscribe());
    }

    /**
     * Makes this process a node, and completes when it is one: its sign of life has come back to it.
     *
     * @param prefix of the topics, the same on all nodes
     * @param node its name, which no other node has, and which it has again after a restart
     * @param groups whose members get broadcasts
     */
    public static Mono<KafkaCluster> join(KafkaOptions options, String prefix, String node, Groups groups) {
        return Mono.defer(() -> {
            KafkaLink link = new KafkaLink(options.clientId(options.clientId() + "-" + node));
            List<NewTopic> topics = List.of(
                    new NewTopic(prefix + ".broadcast", Optional.of(BROADCAST_PARTITIONS), Optional.empty()),
                    new NewTopic(prefix + ".presence", Optional.of(1), Optional.empty())
                            .configs(Map.of(
                                    TopicConfig.CLEANUP_POLICY_CONFIG,
                                    TopicConfig.CLEANUP_POLICY_COMPACT,
                                    TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
                                    "LogAppendTime")),
                    new NewTopic(prefix + ".node." + node, Optional.of(1), Optional.empty()));
            return link.create(topics)
                    .then(Mono.fromSupplier(() -> new KafkaCluster(link, prefix, node, groups)))
                    .flatMap(joined -> joined.seenMyself
                            .asMono()
                            .timeout(READY_LIMIT)
                            .doOnError(error -> joined.dispose())
                            .thenReturn(joined));
        });
    }

    private String broadcastTopic() {
        return prefix + ".broadcast";
    }

    private String presenceTopic() {
        return prefix + ".presence";
    }

    private String inboxTopic(String of) {
        return prefix + ".node." + of;
    }

    // ---- broadcast ----

    /** To the members of a group on all nodes, in the order of the group; completes when the brokers have it. */
    public Mono<Void> broadcast(String group, Packet packet) {
        return broadcast(group, group, packet);
    }

    /** The same, in the order of a key. */
    public Mono<Void> broadcast(String group, String key, Packet packet) {
        return Mono.defer(() -> link.send(
                KafkaRecord.of(broadcastTopic(), key, packet.toBytes()).header(GROUP, group)));
    }

    private Mono<Void> broadcasted(ReceivedRecord record) {
        String group = record.header(GROUP);
        byte[] value = record.value();
        if (group == null || value == null) {
            return Mono.error(new IllegalArgumentException(record + " is no broadcast: it has no " + GROUP));
        }
        return groups.group(group).broadcast(WirePackets.read(value)).then();
    }

    // ---- presence ----

    private Mono<Void> sign() {
        return link.send(KafkaRecord.of(presenceTopic(), NODE_KEY + node, KafkaRecord.text(life)));
    }

    private void present(ReceivedRecord record) {
        long time = record.timestampMillis();
        if (joined && time - newestMillis > OUTAGE_AFTER.toMillis()) {
            forgivenUntilMillis = time + SILENT_AFTER.toMillis();
        }
        newestMillis = Math.max(newestMillis, time);
        String key = record.keyText();
        byte[] value = record.value();
        if (key.startsWith(NODE_KEY)) {
            presentNode(key.substring(NODE_KEY.length()), value == null ? null : KafkaRecord.text(value), time);
        } else if (key.startsWith(NAME_KEY)) {
            String name = key.substring(NAME_KEY.length());
            if (value == null) {
                nodeOfName.remove(name);
            } else {
                nodeOfName.put(name, KafkaRecord.text(value));
            }
        }
    }

    private void presentNode(String of, @Nullable String itsLife, long time) {
        if (itsLife == null) {
            lastSignMillis.remove(of);
            return;
        }
        lastSignMillis.put(of, time);
        if (itsLife.equals(life)) {
            joined = true;
            seenMyself.tryEmitEmpty();
        }
    }

    private boolean isAlive(String other) {
        Long sign = lastSignMillis.get(other);
        long newest = newestMillis;
        return sign != null && (newest - sign < SILENT_AFTER.toMillis() || newest < forgivenUntilMillis);
    }

    /** The nodes that are there, by name. */
    public Set<String> nodes() {
        Set<String> alive = new TreeSet<>();
        lastSignMillis.keySet().stream().filter(this::isAlive).forEach(alive::add);
        return alive;
    }

    /** On which node a name is, or {@code null}. */
    public @Nullable String nodeOf(String name) {
        String known = nodeOfName.get(name);
        return known != null && isAlive(known) ? known : null;
    }

    /** A name is here from now on, until the session ends; completes when the brokers have it. */
    public Mono<Void> enter(String name, Session session) {
        return Mono.defer(() -> {
            here.put(name, session);
            nodeOfName.put(name, node);
            var unused = session.onClose().subscribe(reason -> left(name, session));
            return link.send(KafkaRecord.of(presenceTopic(), NAME_KEY + name, KafkaRecord.text(node)));
        });
    }

    /** Unless it has come back, here or elsewhere. */
    private void left(String name, Session session) {
        if (here.remove(name, session) && node.equals(nodeOfName.get(name)) && !running.isDisposed()) {
            nodeOfName.remove(name, node);
            link.send(KafkaRecord.of(presenceTopic(), NAME_KEY + name, (byte[]) null))
                    .subscribe(nothing -> {}, error -> log.warn("{} is still said to be here", name, error));
        }
    }

    // ---- packets to sessions elsewhere ----

    /**
     * Sends a packet to the session of a name. True when it was written to a session here, or the brokers have it for the node where the
     * session is; false when the name is nowhere. The session may end before it arrives: that is counted there.
     */
    public Mono<Boolean> send(String name, Packet packet) {
        return Mono.defer(() -> {
            Session local = here.get(name);
            if (local != null && local.isOpen()) {
                return local.send(packet).thenReturn(true);
            }
            String other = nodeOf(name);
            return other == null || other.equals(node)
                    ? Mono.just(false)
                    : link.send(KafkaRecord.of(inboxTopic(other), name, packet.toBytes())
                                    .header(TO, name))
                            .thenReturn(true);
        });
    }

    private Mono<Void> arrived(ReceivedRecord record) {
        return Mono.fromRunnable(() -> {
            String name = String.valueOf(record.header(TO));
            Session session = here.get(name);
            Packet packet = WirePackets.read(Objects.requireNonNull(record.value()));
            OfferResult result = session == null ? OfferResult.CLOSED : session.offer(packet);
            if (result != OfferResult.ACCEPTED) {
                undeliverable.increment();
                log.debug("a packet for {} cannot be delivered: {}", name, result);
            }
        });
    }

    /** Packets from other nodes whose session was gone, or full. */
    public long undeliverable() {
        return undeliverable.sum();
    }

    /**
     * Completes when the brokers answer in time; fails with {@link io.msgtrans.reactive.BrokerUnavailableException} otherwise. For
     * health checks.
     */
    public Mono<Void> ping(Duration limit) {
        return link.ping(limit);
    }

    /** What came as broadcasts. */
    public KafkaStats broadcastStats() {
        return broadcasts.stats();
    }

    /** Leaves: the others know at once. Completes when the brokers have it. */
    public Mono<Void> leave() {
        return Flux.fromIterable(here.keySet())
                .filter(name -> node.equals(nodeOfName.get(name)))
                .flatMap(name -> link.send(KafkaRecord.of(presenceTopic(), NAME_KEY + name, (byte[]) null)))
                .then(Mono.defer(() -> link.send(KafkaRecord.of(presenceTopic(), NODE_KEY + node, null))))
                .timeout(link.options().closeTimeout(), Mono.empty())
                .onErrorComplete()
                .then(Mono.defer(() -> {
                    running.dispose();
                    return link.close();
                }));
    }

    /** {@link #leave()} without waiting. */
    @Override
    public void dispose() {
        leave().subscribe(nothing -> {}, error -> log.warn("the node did not leave in order", error));
    }

    @Override
    public boolean isDisposed() {
        return running.isDisposed();
    }
}
