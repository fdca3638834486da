package io.msgtrans.reactive.test;

import io.netty.buffer.ByteBufUtil;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;

/**
 * A certificate that is its own authority, made for a test run, as PEM files that go with the process.
 *
 * @param chain the certificate; also what a client trusts
 * @param key its private key
 * @param sha256 its fingerprint
 */
public record TestCertificate(Path chain, Path key, String sha256) {

    /** A certificate for a host. */
    public static TestCertificate selfSigned(String host) {
        try {
            X509Bundle bundle = new CertificateBuilder()
                    .ecp256()
                    .subject("CN=" + host)
                    .addSanDnsName(host)
                    .setIsCertificateAuthority(true)
                    .buildSelfSigned();
            Path folder = Files.createTempDirectory("certificates");
            folder.toFile().deleteOnExit();
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(bundle.getCertificate().getEncoded());
            return new TestCertificate(
                    write(folder.resolve("chain.pem"), bundle.getCertificatePathPEM()),
                    write(folder.resolve("key.pem"), bundle.getPrivateKeyPEM()),
                    ByteBufUtil.hexDump(digest));
        } catch (Exception failed) {
            throw new IllegalStateException("no certificate for " + host, failed);
        }
    }

    private static Path write(Path file, String pem) throws IOException {
        Files.writeString(file, pem);
        file.toFile().deleteOnExit();
        return file;
    }
}
