package io.msgtrans.reactive.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every Java block of the documentation is a region of a test in this package, so it compiles and runs. A region begins with {@code //
 * docs: NAME} and ends with {@code // docs: end}; in Markdown {@code <!-- java: CLASS#NAME -->} stands before its block. With {@code
 * -Ddocs.write=true} this test writes the blocks instead of comparing them.
 */
class DocsCodeTest {

    private static final Path ROOT = Path.of("..");
    private static final Path SOURCES = Path.of("src/test/java/io/msgtrans/reactive/samples/docs");
    private static final Pattern BLOCK =
            Pattern.compile("(<!-- java: (\\S+) -->\\n+)?```java\\n(.*?)```", Pattern.DOTALL);
    private static final Pattern REGION =
            Pattern.compile("^ *// docs: (?!end)(\\S+)\\n(.*?)^ *// docs: end", Pattern.DOTALL | Pattern.MULTILINE);

    static List<Path> pages() {
        try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"));
                Stream<Path> samples = Files.walk(ROOT.resolve("samples"), 2)) {
            List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md")));
            Stream.concat(docs, samples)
                    .filter(path -> path.toString().endsWith(".md"))
                    .sorted()
                    .forEach(pages::add);
            return pages;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static Map<String, String> regions() throws IOException {
        Map<String, String> regions = new HashMap<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".java")).toList()) {
                String type = file.getFileName().toString().replace(".java", "");
                Matcher region = REGION.matcher(Files.readString(file));
                while (region.find()) {
                    regions.put(
                            type + "#" + region.group(1),
                            region.group(2).stripTrailing().stripIndent() + "\n");
                }
            }
        }
        return regions;
    }

    @ParameterizedTest
    @MethodSource("pages")
    void everyBlockIsCodeThatRuns(Path page) throws IOException {
        Map<String, String> regions = regions();
        String text = Files.readString(page);
        List<String> wrong = new ArrayList<>();
        String written = BLOCK.matcher(text).replaceAll(block -> {
            String name = block.group(2);
            String code = name == null ? null : regions.get(name);
            if (code == null) {
                wrong.add("no region " + name + " for:\n" + block.group(3));
                return Matcher.quoteReplacement(block.group());
            }
            if (!code.equals(block.group(3))) {
                wrong.add(name + " differs");
            }
            return Matcher.quoteReplacement("<!-- java: " + name + " -->\n\n```java\n" + code + "```");
        });
        if (Boolean.getBoolean("docs.write") && !written.equals(text)) {
            Files.writeString(page, written);
        } else {
            assertThat(wrong).as("write them with -Ddocs.write=true").isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("pages")
    void everyLinkLeadsSomewhere(Path page) throws IOException {
        Matcher link = Pattern.compile("]\\(([^)#\\s]+)(#[^)]*)?\\)").matcher(Files.readString(page));
        Path folder = page.toAbsolutePath().getParent();
        assertThat(link.results()
                        .map(found -> found.group(1))
                        .filter(target -> !target.contains("://"))
                        .filter(target -> !Files.exists(folder.resolve(target)))
                        .collect(Collectors.toList()))
                .isEmpty();
    }
}
