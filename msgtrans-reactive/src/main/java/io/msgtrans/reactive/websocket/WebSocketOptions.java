package io.msgtrans.reactive.websocket;

import io.msgtrans.reactive.EndpointOption;

/** The options of {@code ws} and {@code wss} endpoints. */
public final class WebSocketOptions {

    /** Server: the only path that is upgraded, others get 404; by default the path of the URI, or any if it has none. */
    public static final EndpointOption<String> PATH = new EndpointOption<>("ws.path", String.class, "");

    /** What happens to text messages; default {@link TextMessages#IGNORE}. */
    public static final EndpointOption<TextMessages> TEXT_MESSAGES =
            new EndpointOption<>("ws.textMessages", TextMessages.class, TextMessages.IGNORE);

    /** Client: an {@code Authorization} header for the upgrade request; default none. Never printed. */
    public static final EndpointOption<String> AUTHORIZATION =
            new EndpointOption<>("ws.authorization", String.class, "");

    /**
     * Server: pages of which other origins may open sessions, such as {@code https://shop.example}, separated by commas; {@code *} for all.
     * Always those whose host is the one that they ask for, on any port; a foreign page shall not use a browser's cookies. Behind a proxy
     * that changes the host, name your own origin here. Clients that send no origin are not asked. Others get 403 and are counted as
     * refused.
     */
    public static final EndpointOption<String> ORIGINS = new EndpointOption<>("ws.origins", String.class, "");

    /** Server: where upgrades come from instead of a socket of its own; by default it listens on its address. */
    public static final EndpointOption<WebSocketMount> MOUNT =
            new EndpointOption<>("ws.mount", WebSocketMount.class, WebSocketMount.NONE);

    private WebSocketOptions() {}
}
