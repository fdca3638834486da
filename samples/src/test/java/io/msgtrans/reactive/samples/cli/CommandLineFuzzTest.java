package io.msgtrans.reactive.samples.cli;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Assertions;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Any arguments: they are understood, or refused in words. */
class CommandLineFuzzTest {

    @FuzzTest(maxDuration = "5s")
    void argumentsAreUnderstoodOrRefused(byte[] data) {
        String[] arguments = new String(data, StandardCharsets.UTF_8).split("\0", -1);
        try {
            new CommandLine(new Main())
                    .setCaseInsensitiveEnumValuesAllowed(true)
                    .parseArgs(arguments);
        } catch (ParameterException refused) {
            Assertions.assertNotNull(refused.getMessage());
        }
    }
}
