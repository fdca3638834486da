package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.dashboard.Dashboard;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/** For native images: the dashboard's page. */
final class PageHints implements RuntimeHintsRegistrar {

    @Override
    public void registerHints(RuntimeHints hints, @Nullable ClassLoader loader) {
        hints.resources().registerPattern(Dashboard.class.getPackageName().replace('.', '/') + "/dashboard.html");
    }
}
