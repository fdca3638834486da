package io.msgtrans.reactive.samples.cli;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A certificate for localhost, made at start for a server that was given none; its files go with the process. */
record DemoCertificate(Path chain, Path key) {

    static DemoCertificate create() {
        try {
            X509Bundle bundle = new CertificateBuilder()
                    .ecp256()
                    .subject("CN=localhost")
                    .addSanDnsName("localhost")
                    .addSanIpAddress("127.0.0.1")
                    .setIsCertificateAuthority(true)
                    .buildSelfSigned();
            Path folder = Files.createTempDirectory("msgtrans");
            folder.toFile().deleteOnExit();
            return new DemoCertificate(
                    write(folder.resolve("localhost.pem"), bundle.getCertificatePathPEM()),
                    write(folder.resolve("localhost.key"), bundle.getPrivateKeyPEM()));
        } catch (Exception failed) {
            throw new IllegalStateException("cannot make a certificate for localhost: " + failed.getMessage(), failed);
        }
    }

    private static Path write(Path file, String pem) throws IOException {
        Files.writeString(file, pem);
        file.toFile().deleteOnExit();
        return file;
    }
}
