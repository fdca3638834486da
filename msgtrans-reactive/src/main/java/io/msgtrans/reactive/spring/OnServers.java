package io.msgtrans.reactive.spring;

import java.util.List;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;

/** Whether there are servers to balance over. */
final class OnServers implements Condition {

    @Override
    public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
        return hasList(context.getEnvironment(), "msgtrans.client.uris");
    }

    /** Whether a list has entries, in whatever form it is written. */
    static boolean hasList(Environment environment, String name) {
        return !Binder.get(environment)
                .bind(name, Bindable.listOf(String.class))
                .orElse(List.of())
                .isEmpty();
    }
}
