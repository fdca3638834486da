package io.msgtrans.reactive.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.samples.Browser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The site, as it is written and as a browser shows it. */
class DocsSiteTest {

    private static final Pattern REFERENCE = Pattern.compile("(href|src)=\"([^\"]+)\"");

    @TempDir
    private Path folder = Path.of(".");

    private List<Path> pages = List.of();

    @BeforeEach
    void write() throws IOException {
        pages = DocsSite.write(Path.of(".."), folder);
    }

    @Test
    void everyReferenceIsThereAndNothingIsLoadedFromOutside() throws IOException {
        assertThat(pages).hasSizeGreaterThan(20);
        List<String> broken = new ArrayList<>();
        for (Path page : pages) {
            Matcher found = REFERENCE.matcher(Files.readString(page));
            while (found.find()) {
                String to = found.group(2);
                boolean loaded = found.group(1).equals("src");
                if (to.startsWith("data:") || (!loaded && (to.contains("://") || to.startsWith("#")))) {
                    continue;
                }
                Path file = page.resolveSibling(to.replaceAll("#.*", "")).normalize();
                if (!Files.exists(file)) {
                    broken.add(folder.relativize(page) + " -> " + to);
                } else if (to.contains("#")
                        && !Files.readString(file).contains("id=\"" + to.replaceAll(".*#", "") + "\"")) {
                    broken.add(folder.relativize(page) + " -> " + to + " (no such heading)");
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void pagesFitIntoABrowserAndAPhone() throws IOException {
        try (Browser browser = Browser.start()) {
            for (String page : List.of("index", "getting-started", "options", "transports", "speed", "clients")) {
                browser.open(folder.resolve("docs/" + page + ".html").toUri().toString());
                browser.size(1200, 900);
                browser.screenshot("docs-" + page + ".png");
                assertFits(browser, page);
                browser.size(390, 800);
                assertFits(browser, page);
            }
            browser.dark(true);
            browser.open(folder.resolve("docs/getting-started.html").toUri().toString());
            browser.screenshot("docs-dark-phone.png");
            assertThat(browser.complaints()).isEmpty();
        }
    }

    private static void assertFits(Browser browser, String page) {
        assertThat(browser.run("return Math.max(0, document.documentElement.scrollWidth - window.innerWidth)"))
                .as(page + " is not wider than the window")
                .isEqualTo(0L);
    }
}
