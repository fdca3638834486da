package io.msgtrans.reactive.test.spring;

import io.msgtrans.reactive.Router;
import io.msgtrans.reactive.spring.PacketController;
import io.msgtrans.reactive.spring.SessionHandlerBean;
import io.msgtrans.reactive.spring.TransportClientCustomizer;
import io.msgtrans.reactive.spring.TransportServerCustomizer;
import java.util.HashSet;
import java.util.Set;
import org.springframework.boot.test.context.filter.annotation.StandardAnnotationCustomizableTypeExcludeFilter;

/** Which components are part of the slice. */
final class TransportTypeFilter extends StandardAnnotationCustomizableTypeExcludeFilter<TransportTest> {

    private static final Set<Class<?>> PARTS = Set.of(
            Router.class, SessionHandlerBean.class, TransportServerCustomizer.class, TransportClientCustomizer.class);

    private final Class<?>[] controllers;

    TransportTypeFilter(Class<?> testClass) {
        super(testClass);
        this.controllers = getAnnotation().getClassArray("controllers");
    }

    @Override
    protected Set<Class<?>> getKnownIncludes() {
        Set<Class<?>> included = new HashSet<>(PARTS);
        if (controllers.length == 0) {
            included.add(PacketController.class);
        }
        return included;
    }

    @Override
    protected Set<Class<?>> getComponentIncludes() {
        return Set.of(controllers);
    }
}
