package io.msgtrans.reactive.tuning;

import java.util.Locale;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/** What is common to ours. */
abstract class BoundedKnob implements Knob {

    private final String name;
    private final String unit;
    private final long least;
    private final long most;
    private final LongSupplier get;
    private final LongConsumer set;

    BoundedKnob(String name, String unit, long least, long most, LongSupplier get, LongConsumer set) {
        if (least > most) {
            throw new IllegalArgumentException(name + ": " + least + ".." + most + " is no range");
        }
        this.name = name;
        this.unit = unit;
        this.least = least;
        this.most = most;
        this.get = get;
        this.set = set;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String unit() {
        return unit;
    }

    @Override
    public long value() {
        return get.getAsLong();
    }

    @Override
    public void set(long value) {
        set.accept(value);
    }

    @Override
    public long least() {
        return least;
    }

    @Override
    public long most() {
        return most;
    }

    static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
