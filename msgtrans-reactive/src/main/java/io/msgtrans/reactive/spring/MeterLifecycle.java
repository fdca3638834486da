package io.msgtrans.reactive.spring;

import io.micrometer.core.instrument.MeterRegistry;
import io.msgtrans.reactive.metrics.TransportMetrics;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;

/** Meters while the application runs; in the last phase, so that the server is there before them and goes after them. */
final class MeterLifecycle implements SmartLifecycle {

    private final MeterRegistry registry;
    private final Consumer<TransportMetrics> binding;
    private volatile @Nullable TransportMetrics metrics;

    MeterLifecycle(MeterRegistry registry, Consumer<TransportMetrics> binding) {
        this.registry = registry;
        this.binding = binding;
    }

    @Override
    public void start() {
        TransportMetrics started = TransportMetrics.to(registry);
        binding.accept(started);
        metrics = started;
    }

    @Override
    public void stop() {
        TransportMetrics present = metrics;
        metrics = null;
        if (present != null) {
            present.dispose();
        }
    }

    @Override
    public boolean isRunning() {
        return metrics != null;
    }
}
