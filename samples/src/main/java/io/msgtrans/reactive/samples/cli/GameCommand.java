package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.samples.game.GameServer;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The game sample. */
@Command(
        name = "game",
        mixinStandardHelpOptions = true,
        description = "Serves a game to browsers: rooms over WebSocket, sixty states a second.")
final class GameCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--host", defaultValue = "127.0.0.1", description = "Where to listen. Default: 127.0.0.1.")
    private String host = "";

    @Option(names = "--port", defaultValue = "8080", paramLabel = "N", description = "Of the page. Default: 8080.")
    private int port;

    @Option(names = "--game-port", defaultValue = "0", paramLabel = "N", description = "Of the game. Default: any.")
    private int gamePort;

    @Option(names = "--seconds", paramLabel = "N", description = "End by itself after so long; default: never.")
    private long seconds;

    @Override
    public Integer call() {
        GameServer game = GameServer.start(host, gamePort, port);
        PrintWriter out = spec.commandLine().getOut();
        out.println("PLAY " + game.page());
        out.println("LISTENING " + game.uri());
        out.flush();
        Lifetime.await(seconds, game);
        return 0;
    }
}
