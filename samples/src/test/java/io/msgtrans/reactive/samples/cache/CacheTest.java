package io.msgtrans.reactive.samples.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class CacheTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String get(CacheClient client, String key) {
        byte[] value = client.get(key).block(LIMIT);
        return value == null ? "nothing" : new String(value, StandardCharsets.UTF_8);
    }

    @Test
    void aWriteIsOnEveryNodeWhenItIsAnsweredAndANodeThatComesBackHasEverything() {
        String a = "mem://cache-a";
        String b = "mem://cache-b";
        CacheNode first = CacheNode.start(0, a, List.of(b));
        CacheNode second = CacheNode.start(1, b, List.of(a));
        CacheClient client = CacheClient.of(List.of(a, b));
        client.set("k", bytes("1")).block(LIMIT);
        client.set("k", bytes("2")).block(LIMIT);
        client.set("gone", bytes("x")).block(LIMIT);
        client.delete("gone").block(LIMIT);
        assertThat(get(client, "k")).isEqualTo("2");
        assertThat(get(client, "gone")).isEqualTo("nothing");
        assertThat(get(client, "never")).isEqualTo("nothing");
        Map<String, byte[]> batch = new HashMap<>();
        for (int i = 0; i < 1000; i++) {
            batch.put("batch-" + i, bytes("v" + i));
        }
        assertThat(client.setAll(batch).block(LIMIT)).isEqualTo(1000);
        first.dispose();
        client.set("k", bytes("3")).block(LIMIT);
        assertThat(get(client, "batch-77")).isEqualTo("v77");
        CacheNode again = CacheNode.start(0, a, List.of(b));
        second.dispose();
        assertThat(get(client, "k")).isEqualTo("3");
        assertThat(get(client, "batch-999")).isEqualTo("v999");
        assertThat(again.size()).isEqualTo(1001);
        client.dispose();
        again.dispose();
    }

    @Test
    void theHigherVersionStaysInWhateverOrderTheyCome() {
        CacheStore one = new CacheStore(1);
        CacheStore other = new CacheStore(2);
        CacheStore.Entry older = one.write("k", bytes("older"));
        other.merge(older);
        CacheStore.Entry newer = other.write("k", bytes("newer"));
        one.merge(newer);
        one.merge(older);
        assertThat(Objects.requireNonNull(one.get("k"))).isEqualTo(bytes("newer"));
        one.merge(other.write("k", null));
        assertThat(one.get("k")).isNull();
        assertThat(one.size()).isZero();
        assertThat(CacheProtocol.entry(CacheProtocol.replicate(newer)).version())
                .isEqualTo(newer.version());
    }

    @Test
    void everyOperationOfManyClientsIsAnswered() throws IOException, InterruptedException {
        StringWriter out = new StringWriter();
        assertThat(new CacheLoad(50, 4, 2, new PrintWriter(out, true)).run())
                .as(out.toString())
                .isTrue();
        assertThat(out.toString()).contains("50 clients with 4").containsPattern("2 +[1-9][0-9,]+ +[1-9]");
    }

    @Test
    void theKillOfANodeUnderLoadFailsNothingAndLosesNothing() throws IOException, InterruptedException {
        StringWriter out = new StringWriter();
        assertThat(new CacheSample(6, new PrintWriter(out, true)).run())
                .as(out.toString())
                .isTrue();
        assertThat(out.toString()).contains("10000 keys looked at: 0 lost");
    }
}
