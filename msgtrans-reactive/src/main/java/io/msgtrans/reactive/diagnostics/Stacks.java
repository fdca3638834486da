package io.msgtrans.reactive.diagnostics;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a stack trace says to somebody who wants to know whose code it is. */
final class Stacks {

    private static final int FRAMES = 6;
    private static final List<String> WAITING =
            List.of("epollWait", "epollBusyWait", "select", "poll", "kevent", "ioUringEnter");
    private static final List<String> MACHINERY =
            List.of("java.", "jdk.", "sun.", "com.sun.", "io.netty.", "reactor.", "io.msgtrans.reactive.channel.");

    private Stacks() {}

    /** The frames that matter, innermost first; {@code null} of a thread that waits for events, or is not running. */
    static @Nullable String place(StackTraceElement[] stack) {
        if (stack.length == 0 || isWaitingForEvents(stack)) {
            return null;
        }
        List<String> frames = new ArrayList<>();
        frames.add(text(stack[0]));
        for (int i = 1; i < stack.length && frames.size() < FRAMES; i++) {
            if (!isMachinery(stack[i])) {
                frames.add(text(stack[i]));
            }
        }
        return String.join(" < ", frames);
    }

    private static boolean isWaitingForEvents(StackTraceElement[] stack) {
        for (int i = 0; i < Math.min(3, stack.length); i++) {
            String method = stack[i].getMethodName();
            if (stack[i].getClassName().startsWith("io.netty.channel.")
                    || stack[i].getClassName().startsWith("sun.nio.")) {
                return WAITING.stream().anyMatch(method::startsWith);
            }
        }
        return false;
    }

    private static boolean isMachinery(StackTraceElement frame) {
        return MACHINERY.stream().anyMatch(frame.getClassName()::startsWith);
    }

    private static String text(StackTraceElement frame) {
        String type = frame.getClassName();
        return type.substring(type.lastIndexOf('.') + 1) + "." + frame.getMethodName() + "(" + frame.getFileName() + ":"
                + frame.getLineNumber() + ")";
    }

    static @Nullable String mostOften(Map<String, Integer> counts) {
        return counts.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(null);
    }
}
