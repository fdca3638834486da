package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.samples.docs.DocsSite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The documentation as a site. */
@Command(
        name = "docs",
        mixinStandardHelpOptions = true,
        description = "Writes the documentation as HTML pages that need nothing from outside.")
final class DocsCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--from", paramLabel = "DIR", defaultValue = ".", description = "The project. Default: here.")
    private Path from = Path.of(".");

    @Option(
            names = "--to",
            paramLabel = "DIR",
            defaultValue = "target/site",
            description = "Where the pages go. Default: target/site.")
    private Path to = Path.of(".");

    @Override
    public Integer call() throws IOException {
        if (!Files.isDirectory(from.resolve("docs"))) {
            throw new IllegalArgumentException("--from " + from + " has no folder docs");
        }
        List<Path> pages = DocsSite.write(from, to);
        spec.commandLine()
                .getOut()
                .println(pages.size() + " pages, begin at "
                        + to.resolve("docs/index.html")
                                .toAbsolutePath()
                                .normalize()
                                .toUri());
        spec.commandLine().getOut().flush();
        return 0;
    }
}
