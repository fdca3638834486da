package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.Session;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.security.Principal;
import org.springframework.aot.hint.BindingReflectionHintsRegistrar;
import org.springframework.aot.hint.ExecutableMode;
import org.springframework.aot.hint.ReflectionHints;
import org.springframework.aot.hint.annotation.ReflectiveProcessor;

/** For native images: methods with {@link PacketMapping} are called, and Jackson reads and writes what they take and return. */
final class PacketMappingHints implements ReflectiveProcessor {

    private final BindingReflectionHintsRegistrar payloads = new BindingReflectionHintsRegistrar();

    @Override
    public void registerReflectionHints(ReflectionHints hints, AnnotatedElement element) {
        if (element instanceof Method method) {
            hints.registerMethod(method, ExecutableMode.INVOKE);
            for (Parameter parameter : method.getParameters()) {
                if (parameter.getType() != Session.class && !Principal.class.isAssignableFrom(parameter.getType())) {
                    payloads.registerReflectionHints(hints, parameter.getParameterizedType());
                }
            }
            payloads.registerReflectionHints(hints, method.getGenericReturnType());
        }
    }
}
