package io.msgtrans.reactive.balance;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * A server that calls may go to.
 *
 * @param uri its address
 * @param weight how much load it can bear beside others, above 0
 * @param zone where it is, for {@link BalancerOptions#zone}; may be empty
 * @param group of which kind it is, such as a version, for {@link Balancer#split}; may be empty
 * @param serverName the name in its certificate where that is not the host of the address, or {@code null}
 */
public record Endpoint(
        URI uri,
        double weight,
        String zone,
        String group,
        @Nullable String serverName) {

    public Endpoint {
        if (!(weight > 0 && weight < Double.MAX_VALUE)) {
            throw new IllegalArgumentException("weight " + weight + " of " + uri + " is not above 0");
        }
    }

    /** An address with weight 1, without zone and group. */
    public static Endpoint of(String uri) {
        return new Endpoint(URI.create(uri), 1, "", "", null);
    }

    public Endpoint weight(double weight) {
        return new Endpoint(uri, weight, zone, group, serverName);
    }

    public Endpoint zone(String zone) {
        return new Endpoint(uri, weight, zone, group, serverName);
    }

    public Endpoint group(String group) {
        return new Endpoint(uri, weight, zone, group, serverName);
    }

    public Endpoint serverName(String name) {
        return new Endpoint(uri, weight, zone, group, name);
    }
}
