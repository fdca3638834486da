package io.msgtrans.reactive.spring;

import java.util.List;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;

/** Whether there is an address to listen on, in whatever form the list is written, or a path, and the server is not switched off. */
final class OnServerAddress implements Condition {

    @Override
    public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
        Environment environment = context.getEnvironment();
        boolean listens = !Binder.get(environment)
                .bind("msgtrans.server.listen", Bindable.listOf(String.class))
                .orElse(List.of())
                .isEmpty();
        return environment.getProperty("msgtrans.server.enabled", Boolean.class, true)
                && (listens || environment.containsProperty("msgtrans.server.web-path"));
    }
}
