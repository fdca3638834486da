package io.msgtrans.reactive.spi;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Keys and certificates that can be replaced while handshakes go on. A handshake asks for an alias, then for the key and the chain of
 * it: aliases tell of which generation they are, so that all three are of one, and the generation before the current one stays for
 * handshakes that are under way. Any thread.
 */
public final class ReplaceableKeys extends X509ExtendedKeyManager {

    private record Generation(
            long number,
            X509ExtendedKeyManager keys,
            @Nullable Generation before) {

        @Nullable
        String named(@Nullable String alias) {
            return alias == null ? null : number + "/" + alias;
        }

        @Nullable
        String @Nullable [] named(String @Nullable [] aliases) {
            if (aliases == null) {
                return null;
            }
            String[] named = new String[aliases.length];
            for (int i = 0; i < aliases.length; i++) {
                named[i] = number + "/" + aliases[i];
            }
            return named;
        }
    }

    private volatile Generation current;

    /** With these at first. */
    public ReplaceableKeys(X509ExtendedKeyManager first) {
        this.current = new Generation(0, first, null);
    }

    /** From now on these. Open sessions stay. */
    public synchronized void replace(X509ExtendedKeyManager next) {
        Generation last = current;
        current = new Generation(last.number + 1, next, new Generation(last.number, last.keys, null));
    }

    private @Nullable Generation of(String alias) {
        String number = alias.substring(0, alias.indexOf('/'));
        Generation generation = current;
        while (generation != null && !number.equals(Long.toString(generation.number))) {
            generation = generation.before;
        }
        return generation;
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
        Generation generation = of(alias);
        return generation == null ? null : generation.keys.getPrivateKey(own(alias));
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
        Generation generation = of(alias);
        return generation == null ? null : generation.keys.getCertificateChain(own(alias));
    }

    private static String own(String alias) {
        return alias.substring(alias.indexOf('/') + 1);
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
            String type, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        Generation now = current;
        return now.named(now.keys.chooseEngineServerAlias(type, issuers, engine));
    }

    @Override
    public @Nullable String chooseEngineClientAlias(
            String[] types, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        Generation now = current;
        return now.named(now.keys.chooseEngineClientAlias(types, issuers, engine));
    }

    @Override
    public @Nullable String chooseServerAlias(String type, Principal @Nullable [] issuers, @Nullable Socket socket) {
        Generation now = current;
        return now.named(now.keys.chooseServerAlias(type, issuers, socket));
    }

    @Override
    public @Nullable String chooseClientAlias(String[] types, Principal @Nullable [] issuers, @Nullable Socket socket) {
        Generation now = current;
        return now.named(now.keys.chooseClientAlias(types, issuers, socket));
    }

    @Override
    public @Nullable String @Nullable [] getServerAliases(String type, Principal @Nullable [] issuers) {
        Generation now = current;
        return now.named(now.keys.getServerAliases(type, issuers));
    }

    @Override
    public @Nullable String @Nullable [] getClientAliases(String type, Principal @Nullable [] issuers) {
        Generation now = current;
        return now.named(now.keys.getClientAliases(type, issuers));
    }
}
