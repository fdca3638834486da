package io.msgtrans.reactive.samples.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The scenario samples by name. */
@Command(
        name = "sample",
        mixinStandardHelpOptions = true,
        description = "Runs one of the scenario samples.",
        subcommands = {
            TradingCommand.class,
            GameCommand.class,
            GatewayCommand.class,
            IotCommand.class,
            ProtocolCommand.class,
            CacheCommand.class,
            UpgradeCommand.class,
            FaultsCommand.class
        })
final class SampleCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        throw new ParameterException(
                spec.commandLine(),
                "which sample? There are: "
                        + String.join(", ", spec.commandLine().getSubcommands().keySet()));
    }
}
