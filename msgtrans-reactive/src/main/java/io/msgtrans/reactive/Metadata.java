package io.msgtrans.reactive;

import io.msgtrans.reactive.delivery.DeliveryMark;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/**
 * What travels beside a request, or beside the first packet of a stream, between peers that agreed on our extensions: the
 * caller's deadline ({@link SessionOptions#deadlines}) and chosen values of its Reactor context ({@link
 * SessionOptions#contextKeys}). Handlers of a {@link Router} and of streams find both in their own context.
 *
 * @param deadline until when the caller waits, or {@code null}
 * @param values by the keys of the caller's context
 * @param delivery which packet this is of a sender that waits for acknowledgements, or {@code null}
 */
public record Metadata(
        @Nullable Deadline deadline,
        Map<String, String> values,
        @Nullable DeliveryMark delivery) {

    /** Nothing. */
    public static final Metadata NONE = new Metadata(null, Map.of(), null);

    public Metadata {
        values = Map.copyOf(values);
    }

    /** Whether there is nothing. */
    public boolean isEmpty() {
        return deadline == null && values.isEmpty() && delivery == null;
    }

    /** A context with the deadline and the values in it. */
    public Context putInto(Context context) {
        Context with = deadline == null ? context : context.put(Deadline.class, deadline);
        for (Map.Entry<String, String> value : values.entrySet()) {
            with = with.put(value.getKey(), value.getValue());
        }
        return with;
    }
}
