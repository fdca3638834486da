package io.msgtrans.reactive.samples.docs;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.commonmark.Extension;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.ext.heading.anchor.HeadingAnchorExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Heading;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.node.Text;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;

/**
 * Writes the Markdown pages of the project as HTML: {@code X.md} becomes {@code X.html}, {@code README.md} its folder's {@code index.html}.
 * Links between pages are turned into links between those; images are copied.
 */
public final class DocsSite {

    private static final List<Extension> EXTENSIONS =
            List.of(TablesExtension.create(), HeadingAnchorExtension.create());
    private static final Parser PARSER = Parser.builder().extensions(EXTENSIONS).build();
    private static final HtmlRenderer HTML =
            HtmlRenderer.builder().extensions(EXTENSIONS).build();
    private static final List<String> FOLDERS = List.of("docs", "samples", "jmh");
    private static final String[] IMAGES = {".png", ".svg", ".json"};

    private record Entry(String title, Path page) {}

    private final Path root;
    private final Path target;
    private final String template;

    private DocsSite(Path root, Path target) {
        this.root = root;
        this.target = target;
        try (InputStream file = DocsSite.class.getResourceAsStream("/docs/page.html")) {
            this.template = new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failed) {
            throw new IllegalStateException("the template of the pages cannot be read", failed);
        }
    }

    /**
     * Writes the site.
     *
     * @param root of the project
     * @param target a folder, which is made when it is not there
     * @return the pages
     */
    public static List<Path> write(Path root, Path target) throws IOException {
        return new DocsSite(
                        root.toAbsolutePath().normalize(),
                        target.toAbsolutePath().normalize())
                .write();
    }

    private List<Path> write() throws IOException {
        List<Path> sources = sources();
        List<Entry> entries = entries();
        List<Path> written = new ArrayList<>();
        for (Path source : sources) {
            Path page = target.resolve(pageOf(root.relativize(source)));
            Files.createDirectories(Objects.requireNonNull(page.getParent()));
            if (source.toString().endsWith(".md")) {
                Files.writeString(page, html(source, page, entries));
                written.add(page);
            } else {
                Files.copy(source, page, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        return written;
    }

    private List<Path> sources() throws IOException {
        List<Path> sources = new ArrayList<>();
        try (Stream<Path> top = Files.list(root)) {
            top.filter(path -> path.toString().endsWith(".md")).forEach(sources::add);
        }
        for (String folder : FOLDERS) {
            try (Stream<Path> files = Files.walk(root.resolve(folder))) {
                files.filter(path -> !path.toString().contains("/target/")
                                && !path.toString().contains("/src/"))
                        .filter(path -> path.toString().endsWith(".md")
                                || Stream.of(IMAGES).anyMatch(path.toString()::endsWith))
                        .forEach(sources::add);
            }
        }
        return sources;
    }

    private static Path pageOf(Path source) {
        String name = source.toString();
        return Path.of(
                name.endsWith(".md")
                        ? name.replaceAll("README\\.md$", "index.md").replaceAll("\\.md$", ".html")
                        : name);
    }

    /** What the menu has: the links of the documentation's index. */
    private List<Entry> entries() throws IOException {
        Path index = root.resolve("docs/README.md");
        List<Entry> entries = new ArrayList<>(List.of(new Entry("Documentation", index)));
        PARSER.parse(Files.readString(index)).accept(new AbstractVisitor() {
            @Override
            public void visit(Link link) {
                if (link.getFirstChild() instanceof Text title) {
                    entries.add(new Entry(
                            title.getLiteral(),
                            root.resolve("docs").resolve(link.getDestination()).normalize()));
                }
            }
        });
        return entries;
    }

    private String html(Path source, Path page, List<Entry> entries) throws IOException {
        Node document = PARSER.parse(Files.readString(source));
        String[] title = {"msgtrans-reactive"};
        document.accept(new AbstractVisitor() {
            @Override
            public void visit(Heading heading) {
                if (heading.getLevel() == 1 && heading.getFirstChild() instanceof Text text) {
                    title[0] = text.getLiteral();
                }
            }

            @Override
            public void visit(Link link) {
                link.setDestination(destination(link.getDestination()));
                visitChildren(link);
            }
        });
        StringBuilder menu = new StringBuilder();
        for (Entry entry : entries) {
            Path to = target.resolve(pageOf(root.relativize(entry.page())));
            menu.append("<a href=\"")
                    .append(Objects.requireNonNull(page.getParent()).relativize(to))
                    .append(to.equals(page) ? "\" aria-current=\"page\">" : "\">")
                    .append(entry.title())
                    .append("</a>\n");
        }
        return template.replace("TITLE", title[0])
                .replace("MENU", menu)
                .replace(
                        "CONTENT",
                        HTML.render(document)
                                .replace("<table>", "<div class=\"table\"><table>")
                                .replace("</table>", "</table></div>"));
    }

    private static String destination(String link) {
        if (URI.create(link).isAbsolute() || link.startsWith("#")) {
            return link;
        }
        return link.replaceAll("(^|/)README\\.md", "$1index.md")
                .replaceAll("\\.md($|#)", ".html$1")
                .replaceAll("/$", "/index.html");
    }
}
