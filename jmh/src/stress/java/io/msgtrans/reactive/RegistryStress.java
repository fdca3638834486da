package io.msgtrans.reactive;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** What may happen to the slots of a registry at the same time. */
public final class RegistryStress {

    private static final Integer OLD = 1;
    private static final Integer NEW = 2;

    private RegistryStress() {}

    /** A look-up while its value is removed and the slot used again: the old value or none, never the new one. */
    @JCStressTest
    @Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "found before it was removed")
    @Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "not found any more")
    @Outcome(expect = Expect.FORBIDDEN, desc = "the value of another id")
    @State
    public static class LookUpAndReuse {
        private final SlotRegistry<Integer> registry = new SlotRegistry<>();
        private final long id = registry.add(OLD);

        @Actor
        public void reader(I_Result result) {
            Integer found = registry.get(id);
            result.r1 = found == null ? 0 : found;
        }

        @Actor
        public void writer() {
            registry.remove(id);
            registry.add(NEW);
        }
    }

    /** Two threads take and give back slots: no slot is taken twice, and both values are found. */
    @JCStressTest
    @Outcome(id = "2, 2", expect = Expect.ACCEPTABLE, desc = "two slots, two values")
    @Outcome(expect = Expect.FORBIDDEN, desc = "a slot was taken twice, or a value lost")
    @State
    public static class AddsAndRemoves {
        private final SlotRegistry<Integer> registry = new SlotRegistry<>();
        private final long used = registry.add(0);
        private long first;
        private long second;

        public AddsAndRemoves() {
            registry.remove(used);
        }

        @Actor
        public void one() {
            registry.remove(registry.add(OLD));
            first = registry.add(OLD);
        }

        @Actor
        public void another() {
            registry.remove(registry.add(NEW));
            second = registry.add(NEW);
        }

        @Arbiter
        public void afterwards(II_Result result) {
            result.r1 = (OLD.equals(registry.get(first)) ? 1 : 0) + (NEW.equals(registry.get(second)) ? 1 : 0);
            result.r2 = registry.size();
        }
    }

    /** Two threads remove the same value: one gets it, and the slot is free once. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "removed once, and its slot used once again")
    @Outcome(expect = Expect.FORBIDDEN, desc = "removed twice, or not at all")
    @State
    public static class RemoveTwice {
        private final SlotRegistry<Integer> registry = new SlotRegistry<>();
        private final long id = registry.add(OLD);
        private int one;
        private int another;

        @Actor
        public void one() {
            one = registry.remove(id) == null ? 0 : 1;
        }

        @Actor
        public void another() {
            another = registry.remove(id) == null ? 0 : 1;
        }

        @Arbiter
        public void afterwards(II_Result result) {
            result.r1 = one + another;
            long next = registry.add(NEW);
            long other = registry.add(NEW);
            result.r2 = next != other && registry.size() == 2 ? 1 : 0;
        }
    }
}
