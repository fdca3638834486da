package io.msgtrans.reactive.spi;

import io.msgtrans.reactive.EndpointOptions.Certificate;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Keys and certificates from PEM files. Any thread that may block. */
public final class PemFiles {

    private static final Pattern PKCS8 =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");
    /** Kinds of keys, with the signatures that they make. */
    private static final Map<String, String> SIGNATURES =
            Map.of("RSA", "SHA256withRSA", "EC", "SHA256withECDSA", "EdDSA", "EdDSA");

    private static final char[] NO_PASSWORD = {};
    private static final byte[] PROBE = "msgtrans".getBytes(StandardCharsets.US_ASCII);

    private PemFiles() {}

    /**
     * A certificate chain with its key, an unencrypted PKCS#8 one.
     *
     * @throws FileSystemException naming the file that cannot be used, and why
     */
    public static X509ExtendedKeyManager keys(Certificate certificate) throws IOException {
        X509Certificate[] chain = certificates(certificate.chain()).toArray(X509Certificate[]::new);
        PrivateKey key = key(certificate.key());
        try {
            if (!belongTogether(key, chain[0].getPublicKey())) {
                throw unusable(certificate.key(), "is not the key of certificate " + certificate.chain(), null);
            }
            KeyStore store = empty();
            store.setKeyEntry("key", key, NO_PASSWORD, chain);
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(store, NO_PASSWORD);
            return only(X509ExtendedKeyManager.class, factory.getKeyManagers());
        } catch (GeneralSecurityException broken) {
            throw unusable(certificate.chain(), "is no certificate that can be used: " + broken.getMessage(), broken);
        }
    }

    /**
     * Authorities to trust.
     *
     * @throws FileSystemException naming the file when it cannot be used, and why
     */
    public static X509ExtendedTrustManager trust(Path file) throws IOException {
        try {
            KeyStore store = empty();
            for (X509Certificate authority : certificates(file)) {
                store.setCertificateEntry("authority-" + store.size(), authority);
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            return only(X509ExtendedTrustManager.class, factory.getTrustManagers());
        } catch (GeneralSecurityException broken) {
            throw unusable(file, "holds no authorities that can be trusted: " + broken.getMessage(), broken);
        }
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static <T> T only(Class<T> type, Object[] managers) throws GeneralSecurityException {
        return Stream.of(managers)
                .filter(type::isInstance)
                .map(type::cast)
                .findFirst()
                .orElseThrow(() -> new GeneralSecurityException("the JDK gave no " + type.getSimpleName()));
    }

    private static List<X509Certificate> certificates(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            List<X509Certificate> found = CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                    .map(X509Certificate.class::cast)
                    .toList();
            if (found.isEmpty()) {
                throw unusable(file, "holds no certificate", null);
            }
            return found;
        } catch (GeneralSecurityException broken) {
            throw unusable(file, "is no certificate that can be used: " + broken.getMessage(), broken);
        }
    }

    private static PrivateKey key(Path file) throws IOException {
        Matcher pem = PKCS8.matcher(Files.readString(file, StandardCharsets.US_ASCII));
        if (!pem.find()) {
            throw unusable(file, "is no unencrypted PKCS#8 key (BEGIN PRIVATE KEY)", null);
        }
        byte[] bytes;
        try {
            bytes = Base64.getMimeDecoder().decode(pem.group(1));
        } catch (IllegalArgumentException broken) {
            throw unusable(file, "is no key: " + broken.getMessage(), broken);
        }
        for (String algorithm : SIGNATURES.keySet()) {
            PrivateKey key = key(algorithm, bytes);
            if (key != null) {
                return key;
            }
        }
        throw unusable(file, "is no key of " + SIGNATURES.keySet(), null);
    }

    private static @Nullable PrivateKey key(String algorithm, byte[] bytes) throws IOException {
        try {
            return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(bytes));
        } catch (InvalidKeySpecException another) {
            return null;
        } catch (GeneralSecurityException unknown) {
            throw new IOException("the JDK has no " + algorithm, unknown);
        }
    }

    private static boolean belongTogether(PrivateKey key, PublicKey certified) throws GeneralSecurityException {
        String algorithm = SIGNATURES.get(key.getAlgorithm());
        if (algorithm == null || !key.getAlgorithm().equals(certified.getAlgorithm())) {
            return false;
        }
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(PROBE);
        byte[] signed = signature.sign();
        signature.initVerify(certified);
        signature.update(PROBE);
        return signature.verify(signed);
    }

    private static FileSystemException unusable(Path file, String why, @Nullable Exception cause) {
        FileSystemException unusable = new FileSystemException(file.toString(), null, why);
        if (cause != null) {
            unusable.initCause(cause);
        }
        return unusable;
    }
}
