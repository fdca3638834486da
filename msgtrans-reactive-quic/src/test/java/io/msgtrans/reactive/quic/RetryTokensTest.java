package io.msgtrans.reactive.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RetryTokensTest {

    private static final InetSocketAddress CLIENT = new InetSocketAddress(NetUtil.LOCALHOST4, 4000);
    private static final byte[] ORIGINAL_ID = {1, 2, 3, 4, 5, 6, 7, 8};

    private final RetryTokens tokens = new RetryTokens(() -> true);

    private static byte[] token(RetryTokens tokens) {
        ByteBuf out = Unpooled.buffer(tokens.maxTokenLength());
        assertThat(tokens.writeToken(out, Unpooled.wrappedBuffer(ORIGINAL_ID), CLIENT))
                .isTrue();
        assertThat(out.readableBytes()).isLessThanOrEqualTo(tokens.maxTokenLength());
        return ByteBufUtil.getBytes(out);
    }

    private int validate(byte[] token, InetSocketAddress from) {
        return tokens.validateToken(Unpooled.wrappedBuffer(token), from);
    }

    @Test
    void aTokenIsGoodForItsAddressAndHoldsTheOriginalId() {
        byte[] token = token(tokens);
        int at = validate(token, CLIENT);
        assertThat(at).isPositive();
        assertThat(ByteBufUtil.getBytes(Unpooled.wrappedBuffer(token), at, token.length - at))
                .isEqualTo(ORIGINAL_ID);
    }

    @Test
    void anotherAddressAnotherServerOrAChangedByteIsNot() {
        byte[] token = token(tokens);
        assertThat(validate(token, new InetSocketAddress(NetUtil.LOCALHOST6, 4000)))
                .isEqualTo(-1);
        assertThat(validate(token(new RetryTokens(() -> true)), CLIENT)).isEqualTo(-1);
        for (int i = 0; i < token.length; i++) {
            byte[] changed = token.clone();
            changed[i] ^= 1;
            assertThat(validate(changed, CLIENT)).as("byte " + i).isEqualTo(-1);
        }
        for (int length = 0; length < token.length; length++) {
            assertThat(validate(Arrays.copyOf(token, length), CLIENT))
                    .as("length " + length)
                    .isEqualTo(-1);
        }
    }

    @Test
    void withoutLoadNoTokenIsAskedFor() {
        ByteBuf out = Unpooled.buffer();
        assertThat(new RetryTokens(() -> false).writeToken(out, Unpooled.wrappedBuffer(ORIGINAL_ID), CLIENT))
                .isFalse();
        assertThat(out.isReadable()).isFalse();
    }
}
