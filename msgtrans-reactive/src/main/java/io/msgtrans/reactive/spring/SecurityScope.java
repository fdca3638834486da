package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.core.context.ReactiveSecurityContextHolder;
import reactor.util.context.Context;

/** With Spring Security: handlers work as the user whom the session belongs to, so that {@code @PreAuthorize} decides. */
final class SecurityScope implements SessionScope {

    @Override
    public Context enter(Session session, Context context) {
        return session.principal() instanceof Authentication user
                ? context.putAll(
                        ReactiveSecurityContextHolder.withAuthentication(user).readOnly())
                : context;
    }

    @Override
    public Throwable failure(Throwable error) {
        if (error instanceof AccessDeniedException) {
            return new PeerException(PeerException.FORBIDDEN, "denied");
        }
        return error instanceof AuthenticationException
                ? new PeerException(PeerException.UNAUTHENTICATED, "not authenticated")
                : error;
    }
}
