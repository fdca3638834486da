package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.group.GroupOptions;
import io.netty.channel.EventLoop;
import java.lang.reflect.Proxy;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Two broadcasts of a group whose event loop takes one packet at a time: whoever waits for room gets its turn. */
@JCStressTest
@Outcome(id = "2, 0", expect = Expect.ACCEPTABLE, desc = "both broadcasts completed")
@Outcome(expect = Expect.FORBIDDEN, desc = "a broadcast waits for ever, completed twice, or a run is left over")
@State
public class GroupBroadcastStress {

    private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final SessionGroup group = new SessionGroup("stressed", GroupOptions.DEFAULTS.pendingPackets(1));
    private final AtomicInteger completed = new AtomicInteger();

    public GroupBroadcastStress() {
        group.shard((EventLoop) Proxy.newProxyInstance(
                EventLoop.class.getClassLoader(), new Class<?>[] {EventLoop.class}, (loop, method, arguments) -> {
                    if (!method.getName().equals("execute")) {
                        throw new UnsupportedOperationException(method.getName());
                    }
                    tasks.add((Runnable) arguments[0]);
                    return null;
                }));
    }

    private void broadcast() {
        group.broadcast(Packet.oneWay("tick")).subscribe(result -> completed.incrementAndGet());
    }

    private void run() {
        Runnable task = tasks.poll();
        if (task != null) {
            task.run();
        }
    }

    @Actor
    public void sender() {
        broadcast();
    }

    @Actor
    public void eventLoop() {
        broadcast();
        run();
        run();
    }

    @Arbiter
    public void afterwards(II_Result result) {
        for (int i = 0; i < 4; i++) {
            run();
        }
        result.r1 = completed.get();
        result.r2 = tasks.size();
    }
}
