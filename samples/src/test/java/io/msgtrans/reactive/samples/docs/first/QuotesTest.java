package io.msgtrans.reactive.samples.docs.first;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class QuotesTest {

    @Test
    void printsWhatThePageSays() {
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            Quotes.main(new String[0]);
        } finally {
            System.setOut(before);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8))
                .contains("listening on tcp://127.0.0.1:", "listening on ws://127.0.0.1:")
                .containsSubsequence("EUR 1.08, please", "in 3", "in 2", "in 1");
    }
}
