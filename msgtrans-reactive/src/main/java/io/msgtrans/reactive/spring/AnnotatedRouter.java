package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.Codec;
import io.msgtrans.reactive.JsonCodec;
import io.msgtrans.reactive.Route;
import io.msgtrans.reactive.Router;
import io.msgtrans.reactive.Session;
import java.lang.reflect.Method;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.aop.support.AopUtils;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.validation.SmartValidator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

/** Makes a router of methods with {@link PacketMapping}; what is wrong with one stops the application, naming it. */
final class AnnotatedRouter {

    private final JsonMapper mapper;
    private final @Nullable SmartValidator validator;
    private final SessionScope scope;
    private final Set<Route> seen = new HashSet<>();
    private Router router = Router.create();

    /** @param validator for parameters that ask for it */
    AnnotatedRouter(JsonMapper mapper, @Nullable SmartValidator validator, SessionScope scope) {
        this.mapper = mapper;
        this.validator = validator;
        this.scope = scope;
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
        PacketMethod handler = new PacketMethod(controller, method, validator);
        Codec<Object> in = codec(handler.payloadType(), method);
        ResolvableType returned = ResolvableType.forMethodReturnType(method);
        Class<?> raw = returned.resolve(Object.class);
        if (Flux.class.isAssignableFrom(raw)) {
            router = router.onRequestStream(
                    route,
                    in,
                    codec(returned.getGeneric(0).resolve(Object.class), method),
                    (session, payload) -> stream(handler, session, payload));
        } else if (raw == void.class
                || (Mono.class.isAssignableFrom(raw) && returned.getGeneric(0).resolve() == Void.class)) {
            router = router.onPacket(
                    route,
                    in,
                    (session, payload) -> single(handler, session, payload).then());
        } else {
            Class<?> answer =
                    Mono.class.isAssignableFrom(raw) ? returned.getGeneric(0).resolve(Object.class) : raw;
            router = router.onRequest(
                    route, in, codec(answer, method), (session, payload) -> single(handler, session, payload));
        }
    }

    private static Route route(Method method, PacketMapping mapping) {
        boolean byTag = !mapping.tag().isEmpty();
        if (byTag == (mapping.bizType() >= 0)) {
            throw new IllegalStateException(method + ": @PacketMapping needs a bizType or a tag, and not both");
        }
        return byTag ? Route.tag(mapping.tag()) : Route.bizType(mapping.bizType());
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

    private Mono<Object> single(PacketMethod handler, Session session, Object payload) {
        Object result = handler.call(session, payload);
        return (result instanceof Publisher<?> publisher
                        ? Mono.<Object>from(publisher)
                        : Mono.<Object>justOrEmpty(result))
                .onErrorMap(scope::failure)
                .contextWrite(context -> scope.enter(session, context));
    }

    private Flux<Object> stream(PacketMethod handler, Session session, Object payload) {
        Object result = handler.call(session, payload);
        return (result instanceof Publisher<?> publisher ? Flux.<Object>from(publisher) : Flux.empty())
                .onErrorMap(scope::failure)
                .contextWrite(context -> scope.enter(session, context));
    }
}
