package io.msgtrans.reactive.channel;

import io.netty.buffer.ByteBuf;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.FileRegion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A file in memory for bytes that go to many sockets. The kernel hands its pages to a socket as they are ({@code sendfile}), instead of
 * copying the bytes for each one.
 *
 * <p>To truncate it leaves its pages to whoever still sends or reads them, so it may be written anew when every socket has taken its
 * bytes, though the peers have not acknowledged them yet. Event loop only.
 */
final class PageFile {

    private static final String NAME = "msgtrans-broadcast-";
    private static final Set<OpenOption> NEW =
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
    private static final FileAttribute<?> OF_THIS_USER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final PageFiles owner;
    private final FileChannel channel;
    private int holders;

    private PageFile(PageFiles owner, FileChannel channel) {
        this.owner = owner;
        this.channel = channel;
    }

    /** A new file, whose name is gone when this returns. */
    static PageFile create(PageFiles owner, Path folder) throws IOException {
        Path file = folder.resolve(
                NAME + Long.toHexString(ThreadLocalRandom.current().nextLong()));
        FileChannel channel = FileChannel.open(file, NEW, OF_THIS_USER);
        try {
            Files.delete(file);
        } catch (IOException notDeleted) {
            channel.close();
            throw notDeleted;
        }
        return new PageFile(owner, channel);
    }

    /** Puts bytes in it, whose first holder is the caller. */
    void write(ByteBuf bytes) throws IOException {
        ByteBuffer from = bytes.internalNioBuffer(bytes.readerIndex(), bytes.readableBytes());
        long position = 0;
        while (from.hasRemaining()) {
            position += channel.write(from, position);
        }
        holders = 1;
    }

    /** A message for a channel; it holds the file until it is released. */
    FileRegion region(int from, int lengthBytes) {
        holders++;
        return new DefaultFileRegion(channel, from, lengthBytes) {
            @Override
            protected void deallocate() {
                PageFile.this.release(); // the others' file stays open
            }
        };
    }

    void release() {
        if (--holders == 0) {
            owner.released(this);
        }
    }

    /** Gives the memory back. */
    void clear() throws IOException {
        channel.truncate(0);
    }

    void close() throws IOException {
        channel.close();
    }
}
