package io.msgtrans.reactive.spring;

import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;

/** Whether there is an address to listen on, or a path, and the server is not switched off. */
final class OnServerAddress implements Condition {

    @Override
    public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
        Environment environment = context.getEnvironment();
        return environment.getProperty("msgtrans.server.enabled", Boolean.class, true)
                && (OnServers.hasList(environment, "msgtrans.server.listen")
                        || environment.containsProperty("msgtrans.server.web-path"));
    }
}
