package io.msgtrans.reactive.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.quic.Quic;
import io.netty.handler.codec.quic.QuicTokenHandler;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tokens of stateless retries (RFC 9000 §8.1): a client must show one to prove that it receives at the address it sends
 * from. They hold the time, the connection id that the client chose, and a code over both and the address, under a secret
 * that all sockets of a listener share.
 *
 * <pre>
 *   | issued, ms 8 | HMAC-SHA-256, first 16 | original connection id 0..20 |
 * </pre>
 */
final class RetryTokens implements QuicTokenHandler {

    private static final long LIFE_MILLIS = TimeUnit.SECONDS.toMillis(10);
    private static final int CODE_BYTES = 16;
    private static final int ID_OFFSET = Long.BYTES + CODE_BYTES;

    private final BooleanSupplier required;
    private final byte[] secret = new byte[32];

    RetryTokens(BooleanSupplier required) {
        this.required = required;
        new SecureRandom().nextBytes(secret);
    }

    @Override
    public boolean writeToken(ByteBuf out, ByteBuf dcid, InetSocketAddress address) {
        if (!required.getAsBoolean()) {
            return false;
        }
        long issuedMillis = System.currentTimeMillis();
        byte[] id = ByteBufUtil.getBytes(dcid);
        out.writeLong(issuedMillis).writeBytes(code(issuedMillis, id, address)).writeBytes(id);
        return true;
    }

    @Override
    public int validateToken(ByteBuf token, InetSocketAddress address) {
        int length = token.readableBytes();
        if (length < ID_OFFSET) {
            return -1;
        }
        int start = token.readerIndex();
        long issuedMillis = token.getLong(start);
        long ageMillis = System.currentTimeMillis() - issuedMillis;
        byte[] code = ByteBufUtil.getBytes(token, start + Long.BYTES, CODE_BYTES);
        byte[] id = ByteBufUtil.getBytes(token, start + ID_OFFSET, length - ID_OFFSET);
        boolean valid = ageMillis >= 0
                && ageMillis <= LIFE_MILLIS
                && MessageDigest.isEqual(code, code(issuedMillis, id, address));
        return valid ? ID_OFFSET : -1;
    }

    private byte[] code(long issuedMillis, byte[] id, InetSocketAddress address) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            mac.update(ByteBuffer.allocate(Long.BYTES + Integer.BYTES)
                    .putLong(issuedMillis)
                    .putInt(address.getPort())
                    .array());
            mac.update(address.getAddress().getAddress());
            return Arrays.copyOf(mac.doFinal(id), CODE_BYTES);
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException(missing);
        }
    }

    @Override
    public int maxTokenLength() {
        return ID_OFFSET + Quic.MAX_CONN_ID_LEN;
    }
}
