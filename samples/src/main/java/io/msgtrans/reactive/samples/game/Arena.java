package io.msgtrans.reactive.samples.game;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The world of one room: players steer, dots are eaten, bots keep it lively. Players come, steer and go from any thread; it
 * moves on the thread of the game.
 *
 * <pre>
 *   state: | frame u32 | players u16 | { id u16, x u16, y u16, hue u16, score u16 } … | dots u16 | { x u16, y u16 } … |
 * </pre>
 */
final class Arena {

    static final int WIDTH = 960;
    static final int HEIGHT = 540;

    private static final int DOTS = 24;
    private static final int BOTS = 5;
    private static final double SPEED = 220;
    private static final double REACH = 18;
    private static final double BOT_TURNS = 0.8;
    private static final int GOLDEN_ANGLE = 137;

    /** One player; steered from any thread, moved by the game's. */
    static final class Player {
        final int id;
        private final boolean bot;
        private volatile double steerX;
        private volatile double steerY;
        private double x;
        private double y;
        private int score;

        private Player(int id, boolean bot, double x, double y) {
            this.id = id;
            this.bot = bot;
            this.x = x;
            this.y = y;
        }

        /** A direction, of length 1 at most. */
        void steer(double dx, double dy) {
            double length = Math.max(1, Math.hypot(dx, dy));
            steerX = dx / length;
            steerY = dy / length;
        }
    }

    private record Dot(double x, double y) {}

    private final Random random;
    private final AtomicInteger ids = new AtomicInteger();
    private final ConcurrentMap<Integer, Player> players = new ConcurrentHashMap<>();
    private final List<Dot> dots = new ArrayList<>();
    private int frame;

    Arena(long seed) {
        random = new Random(seed);
        for (int i = 0; i < DOTS; i++) {
            dots.add(newDot());
        }
        for (int i = 0; i < BOTS; i++) {
            add(true);
        }
    }

    private Dot newDot() {
        return new Dot(random.nextDouble() * WIDTH, random.nextDouble() * HEIGHT);
    }

    Player join() {
        return add(false);
    }

    private Player add(boolean bot) {
        int id = ids.incrementAndGet() & 0xFFFF;
        Player player = new Player(id, bot, WIDTH / 2.0 + id % 7 * 10, HEIGHT / 2.0);
        players.put(id, player);
        return player;
    }

    void leave(Player player) {
        players.remove(player.id, player);
    }

    /** Whether somebody plays who is no bot. */
    boolean isPlayed() {
        return players.size() > BOTS;
    }

    /** Goes on by some time. */
    void move(double seconds) {
        frame++;
        for (Player player : players.values()) {
            if (player.bot && random.nextDouble() < BOT_TURNS * seconds) {
                player.steer(random.nextDouble() * 2 - 1, random.nextDouble() * 2 - 1);
            }
            player.x = clamp(player.x + player.steerX * SPEED * seconds, WIDTH);
            player.y = clamp(player.y + player.steerY * SPEED * seconds, HEIGHT);
            for (int i = 0; i < dots.size(); i++) {
                Dot dot = dots.get(i);
                if (Math.hypot(dot.x - player.x, dot.y - player.y) < REACH) {
                    player.score++;
                    dots.set(i, newDot());
                }
            }
        }
    }

    private static double clamp(double value, int max) {
        return Math.max(0, Math.min(max, value));
    }

    /** The state as it goes to the players. */
    byte[] state() {
        List<Player> present = List.copyOf(players.values());
        ByteBuffer out = ByteBuffer.allocate(8 + present.size() * 10 + dots.size() * 4);
        out.putInt(frame).putShort((short) present.size());
        for (Player player : present) {
            out.putShort((short) player.id)
                    .putShort((short) player.x)
                    .putShort((short) player.y)
                    .putShort((short) (player.id * GOLDEN_ANGLE % 360))
                    .putShort((short) player.score);
        }
        out.putShort((short) dots.size());
        for (Dot dot : dots) {
            out.putShort((short) dot.x).putShort((short) dot.y);
        }
        return out.array();
    }
}
