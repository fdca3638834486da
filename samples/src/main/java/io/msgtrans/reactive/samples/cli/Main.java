package io.msgtrans.reactive.samples.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The entry: picks the command, and turns every failure into one line and an exit code. */
@Command(
        name = "msgtrans",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Message connections over TCP, WebSocket and QUIC, to try and to measure.",
        subcommands = {
            DemoCommand.class,
            ServeCommand.class,
            SendCommand.class,
            ListenCommand.class,
            BenchCommand.class,
            TopCommand.class,
            DiagnoseCommand.class,
            SampleCommand.class,
            ScaleCommand.class,
            SoakCommand.class,
            DocsCommand.class,
            HelpCommand.class
        })
public final class Main implements Callable<Integer> {

    /** Exit code when the job was not done. */
    static final int FAILED = 1;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    public static void main(String[] args) {
        System.exit(execute(
                new PrintWriter(System.out, true, StandardCharsets.UTF_8),
                new PrintWriter(System.err, true, StandardCharsets.UTF_8),
                args));
    }

    /** Runs a command; standard output and error go where the caller says. */
    static int execute(PrintWriter out, PrintWriter err, String... args) {
        return new CommandLine(new Main())
                .setOut(out)
                .setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(Main::wrongParameter)
                .setExecutionExceptionHandler((failure, command, parsed) -> failed(failure, command))
                .execute(args);
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "a command is missing; see --help");
    }

    private static int wrongParameter(ParameterException wrong, String[] args) {
        wrong.getCommandLine().getErr().println("msgtrans: " + firstLine(wrong));
        return wrong.getCommandLine().getCommandSpec().exitCodeOnInvalidInput();
    }

    private static int failed(Exception failure, CommandLine command) {
        command.getErr().println("msgtrans: " + firstLine(failure));
        return FAILED;
    }

    private static String firstLine(Throwable failure) {
        String message = failure.getMessage();
        return message == null || message.isBlank()
                ? failure.getClass().getSimpleName()
                : message.lines().findFirst().orElse(message);
    }

    /** The version of the build. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"msgtrans " + (version == null ? "1.0.0-SNAPSHOT" : version)};
        }
    }
}
