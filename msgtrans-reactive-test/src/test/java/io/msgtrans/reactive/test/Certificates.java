package io.msgtrans.reactive.test;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Certificates made for a test run, as PEM files. */
final class Certificates {

    final Path chain;
    final Path key;

    private Certificates(Path chain, Path key) {
        this.chain = chain;
        this.key = key;
    }

    /** A certificate of its own authority for a host. */
    static Certificates selfSigned(String host) {
        try {
            X509Bundle bundle = new CertificateBuilder()
                    .ecp256()
                    .subject("CN=" + host)
                    .addSanDnsName(host)
                    .setIsCertificateAuthority(true)
                    .buildSelfSigned();
            Path folder = Files.createTempDirectory("certificates");
            folder.toFile().deleteOnExit();
            Path chain = Files.writeString(folder.resolve("chain.pem"), bundle.getCertificatePathPEM());
            Path key = Files.writeString(folder.resolve("key.pem"), bundle.getPrivateKeyPEM());
            chain.toFile().deleteOnExit();
            key.toFile().deleteOnExit();
            return new Certificates(chain, key);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }
}
