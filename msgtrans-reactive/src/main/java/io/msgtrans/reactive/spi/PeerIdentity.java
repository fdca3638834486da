package io.msgtrans.reactive.spi;

import java.security.Principal;
import org.jspecify.annotations.Nullable;

/** Who the peer of a connection is, once that is known. Safe for use by several threads. */
public final class PeerIdentity {

    private volatile @Nullable Principal principal;

    /** Not known, or not asked for. */
    public PeerIdentity() {}

    /** Known from the beginning. */
    public PeerIdentity(Principal principal) {
        this.principal = principal;
    }

    public @Nullable Principal principal() {
        return principal;
    }

    /** It is known now. */
    public void is(Principal known) {
        this.principal = known;
    }
}
