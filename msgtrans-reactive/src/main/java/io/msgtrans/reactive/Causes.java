package io.msgtrans.reactive;

import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Says an error in one line, for messages. */
final class Causes {

    private Causes() {}

    static String describe(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null && root.getCause() != root && !(root instanceof FileSystemException)) {
            root = root.getCause();
        }
        if (root instanceof NoSuchFileException missing) {
            return missing.getFile() + ": no such file";
        }
        String message = root.getMessage();
        return message == null || message.isBlank() ? root.getClass().getSimpleName() : message;
    }
}
