package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Session;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import reactor.util.Logger;
import reactor.util.Loggers;

/** The files in memory of one event loop's members of a group: a few, as a member that is slow keeps the one that it has not taken yet. */
final class PageFiles {

    /** Fewer bytes or sockets than these do not pay for the file: it costs as much as copying the bytes for some of them. */
    private static final int LEAST_BYTES = 32 * 1024;

    private static final int LEAST_SOCKETS = 16;
    private static final int MOST_FILES = 16;

    private static final Logger log = Loggers.getLogger(Session.class);
    private static final Path MEMORY = Path.of("/dev/shm");

    private final ArrayDeque<PageFile> idle = new ArrayDeque<>();
    private int open;
    private boolean unavailable;
    private boolean closed;

    static boolean isWorth(int lengthBytes, int sockets) {
        return lengthBytes >= LEAST_BYTES && sockets >= LEAST_SOCKETS;
    }

    /** Puts bytes in a file, whose first holder is the caller; {@code null} when there is none. */
    @Nullable
    PageFile write(ByteBuf bytes) {
        if (unavailable) {
            return null;
        }
        try {
            PageFile file = take();
            if (file != null) {
                write(file, bytes);
            }
            return file;
        } catch (IOException noMemory) {
            log.info("no files in {} for broadcasts: their bytes are copied for each member", MEMORY, noMemory);
            unavailable = true;
            return null;
        }
    }

    private void write(PageFile file, ByteBuf bytes) throws IOException {
        boolean written = false;
        try {
            file.write(bytes);
            written = true;
        } finally {
            if (!written) {
                close(file);
            }
        }
    }

    private @Nullable PageFile take() throws IOException {
        PageFile present = idle.poll();
        if (present != null || open == MOST_FILES) {
            return present;
        }
        if (!Files.isDirectory(MEMORY)) {
            throw new IOException("no such folder");
        }
        PageFile file = PageFile.create(this, MEMORY);
        open++;
        closed = false;
        return file;
    }

    /** Nobody holds it any more. */
    void released(PageFile file) {
        if (closed) {
            close(file);
            return;
        }
        try {
            file.clear();
            idle.add(file);
        } catch (IOException e) {
            log.debug("a file in {} could not be emptied", MEMORY, e);
            close(file);
        }
    }

    private void close(PageFile file) {
        open--;
        try {
            file.close();
        } catch (IOException e) {
            log.debug("a file in {} could not be closed", MEMORY, e);
        }
    }

    /** Closes the files, those that are held when they are released. What is written later has files again. */
    void close() {
        closed = true;
        for (PageFile file = idle.poll(); file != null; file = idle.poll()) {
            close(file);
        }
    }
}
