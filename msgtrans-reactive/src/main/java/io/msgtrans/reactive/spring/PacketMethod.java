package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import java.lang.annotation.Annotation;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.security.Principal;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.validation.BeanPropertyBindingResult;
import org.springframework.validation.FieldError;
import org.springframework.validation.SmartValidator;
import org.springframework.validation.annotation.ValidationAnnotationUtils;
import reactor.core.Exceptions;

/** A method with {@link PacketMapping}, ready to be called. */
final class PacketMethod {

    /** Finds the value of one parameter. */
    private interface Argument {
        @Nullable
        Object of(Session session, Object payload);
    }

    private final Object controller;
    private final Method method;
    private final List<Argument> arguments = new ArrayList<>();
    private Class<?> payloadType = byte[].class;
    private boolean takesPayload;

    /** @throws IllegalStateException when it takes what there is not */
    PacketMethod(Object controller, Method method, @Nullable SmartValidator validator) {
        this.controller = controller;
        this.method = method;
        method.setAccessible(true);
        for (Parameter parameter : method.getParameters()) {
            arguments.add(argument(parameter, validator));
        }
    }

    private Argument argument(Parameter parameter, @Nullable SmartValidator validator) {
        Class<?> type = parameter.getType();
        if (type == Session.class) {
            return (session, payload) -> session;
        }
        if (Principal.class.isAssignableFrom(type)) {
            return (session, payload) -> principal(type, session);
        }
        if (takesPayload) {
            throw new IllegalStateException(
                    method + ": a payload, a session and a principal are all that a method may take");
        }
        takesPayload = true;
        payloadType = type;
        Object @Nullable [] hints = hints(parameter);
        if (hints == null) {
            return (session, payload) -> payload;
        }
        if (validator == null) {
            throw new IllegalStateException(
                    method
                            + ": its payload is to be validated, but there is no validator: add spring-boot-starter-validation");
        }
        return (session, payload) -> valid(validator, payload, hints);
    }

    /** Who the peer is, or {@code null}; a method that wants another kind of principal is not called. */
    private static @Nullable Principal principal(Class<?> type, Session session) {
        Principal principal = session.principal();
        if (principal != null && !type.isInstance(principal)) {
            throw new PeerException(PeerException.UNAUTHENTICATED, "the peer is no " + type.getSimpleName());
        }
        return principal;
    }

    private static Object @Nullable [] hints(Parameter parameter) {
        for (Annotation annotation : parameter.getAnnotations()) {
            Object[] hints = ValidationAnnotationUtils.determineValidationHints(annotation);
            if (hints != null) {
                return hints;
            }
        }
        return null;
    }

    private static Object valid(SmartValidator validator, Object payload, Object[] hints) {
        BeanPropertyBindingResult errors = new BeanPropertyBindingResult(payload, "payload");
        validator.validate(payload, errors, hints);
        if (errors.hasErrors()) {
            throw new PeerException(
                    PeerException.BAD_PAYLOAD,
                    errors.getAllErrors().stream()
                            .map(error -> (error instanceof FieldError field ? field.getField() : "payload") + " "
                                    + error.getDefaultMessage())
                            .sorted()
                            .collect(Collectors.joining("; ")));
        }
        return payload;
    }

    /** Of what type the payload is; bytes when the method takes none. */
    Class<?> payloadType() {
        return payloadType;
    }

    /** What it returns; throws what it throws, and {@link PeerException} for a payload that is not valid. */
    @Nullable
    Object call(Session session, Object payload) {
        Object[] values = new Object[arguments.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = arguments.get(i).of(session, payload);
        }
        try {
            return method.invoke(controller, values);
        } catch (InvocationTargetException failed) {
            throw Exceptions.propagate(Objects.requireNonNullElse(failed.getCause(), failed));
        } catch (IllegalAccessException denied) {
            throw new IllegalStateException(method + " cannot be called", denied);
        }
    }
}
