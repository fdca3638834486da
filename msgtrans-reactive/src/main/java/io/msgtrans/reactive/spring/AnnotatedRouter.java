package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.Codec;
import io.msgtrans.reactive.JsonCodec;
import io.msgtrans.reactive.Route;
import io.msgtrans.reactive.Router;
import io.msgtrans.reactive.Session;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.aop.support.AopUtils;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotatedElementUtils;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

/** Makes a router of methods with {@link PacketMapping}; what is wrong with one stops the application, naming it. */
final class AnnotatedRouter {

    private final JsonMapper mapper;
    private final Set<Route> seen = new HashSet<>();
    private Router router = Router.create();

    AnnotatedRouter(JsonMapper mapper) {
        this.mapper = mapper;
    }

    Router of(Collection<Object> controllers) {
        for (Object controller : controllers) {
            Class<?> type = AopUtils.getTargetClass(controller);
            MethodIntrospector.selectMethods(type, (MethodIntrospector.MetadataLookup<PacketMapping>)
                            method -> AnnotatedElementUtils.findMergedAnnotation(method, PacketMapping.class))
                    .forEach((method, mapping) ->
                            add(controller, AopUtils.selectInvocableMethod(method, controller.getClass()), mapping));
        }
        return router;
    }

    private void add(Object controller, Method method, PacketMapping mapping) {
        Route route = route(method, mapping);
        if (!seen.add(route)) {
            throw new IllegalStateException(method + ": another method handles " + route + " already");
        }
        method.setAccessible(true);
        int sessionAt = List.of(method.getParameterTypes()).indexOf(Session.class);
        Codec<Object> in = codec(payloadType(method), method);
        ResolvableType returned = ResolvableType.forMethodReturnType(method);
        Class<?> raw = returned.resolve(Object.class);
        if (Flux.class.isAssignableFrom(raw)) {
            router = router.onRequestStream(
                    route,
                    in,
                    codec(returned.getGeneric(0).resolve(Object.class), method),
                    (session, payload) -> flux(call(controller, method, sessionAt, session, payload)));
        } else if (raw == void.class
                || (Mono.class.isAssignableFrom(raw) && returned.getGeneric(0).resolve() == Void.class)) {
            router = router.onPacket(
                    route,
                    in,
                    (session, payload) -> mono(call(controller, method, sessionAt, session, payload))
                            .then());
        } else {
            Class<?> answer =
                    Mono.class.isAssignableFrom(raw) ? returned.getGeneric(0).resolve(Object.class) : raw;
            router = router.onRequest(
                    route,
                    in,
                    codec(answer, method),
                    (session, payload) -> mono(call(controller, method, sessionAt, session, payload)));
        }
    }

    private static Route route(Method method, PacketMapping mapping) {
        boolean byTag = !mapping.tag().isEmpty();
        if (byTag == (mapping.bizType() >= 0)) {
            throw new IllegalStateException(method + ": @PacketMapping needs a bizType or a tag, and not both");
        }
        return byTag ? Route.tag(mapping.tag()) : Route.bizType(mapping.bizType());
    }

    private static Class<?> payloadType(Method method) {
        Class<?> payload = null;
        int sessions = 0;
        for (Parameter parameter : method.getParameters()) {
            if (parameter.getType() == Session.class) {
                sessions++;
            } else if (payload == null) {
                payload = parameter.getType();
            } else {
                throw new IllegalStateException(method + ": a payload and a session are all that a method may take");
            }
        }
        if (sessions > 1) {
            throw new IllegalStateException(method + ": it takes the session twice");
        }
        return payload == null ? byte[].class : payload;
    }

    @SuppressWarnings("unchecked")
    private Codec<Object> codec(Class<?> type, Method method) {
        if (type == Object.class) {
            throw new IllegalStateException(method + ": it does not say of what type its payload or its answer is");
        }
        Codec<?> codec =
                type == String.class ? Codec.TEXT : type == byte[].class ? Codec.BYTES : JsonCodec.of(mapper, type);
        return (Codec<Object>) codec;
    }

    private static @Nullable Object call(
            Object controller, Method method, int sessionAt, Session session, Object payload) {
        Object[] arguments = new Object[method.getParameterCount()];
        Arrays.fill(arguments, payload);
        if (sessionAt >= 0) {
            arguments[sessionAt] = session;
        }
        try {
            return method.invoke(controller, arguments);
        } catch (InvocationTargetException failed) {
            throw Exceptions.propagate(failed.getCause() == null ? failed : failed.getCause());
        } catch (IllegalAccessException denied) {
            throw new IllegalStateException(method + " cannot be called", denied);
        }
    }

    private static Mono<Object> mono(@Nullable Object result) {
        return result instanceof Publisher<?> publisher ? Mono.from(publisher) : Mono.justOrEmpty(result);
    }

    private static Publisher<Object> flux(@Nullable Object result) {
        return result instanceof Publisher<?> publisher ? Flux.from(publisher) : Flux.empty();
    }
}
