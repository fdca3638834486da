package io.msgtrans.reactive.websocket;

import java.net.URI;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Whether a page may open sessions, by its origin: a browser sends it, and sends cookies with it. */
final class Origins {

    private Origins() {}

    /**
     * Answers for one upgrade.
     *
     * @param option the option
     * @param origin what the browser says; {@code null} from a client that is none
     * @param host what was asked for
     */
    static boolean allow(String option, @Nullable String origin, @Nullable String host) {
        if (origin == null || option.equals("*")) {
            return true;
        }
        boolean own = host != null && !host(origin).isEmpty() && host(origin).equals(host("http://" + host));
        return own
                || Stream.of(option.split(",", -1))
                        .anyMatch(each -> each.strip().equalsIgnoreCase(origin));
    }

    /** Empty when it is no address, as {@code null} is not, which browsers send for pages without an origin. */
    private static String host(String origin) {
        try {
            String host = URI.create(origin).getHost();
            return host == null ? "" : host.toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException none) {
            return "";
        }
    }
}
