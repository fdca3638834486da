package io.msgtrans.reactive.eventloop;

/** By which means of the operating system event loops wait for sockets. */
public enum IoKind {
    /** epoll on Linux, kqueue on macOS and BSD, where Netty's native library for it is there; else {@link #NIO}. */
    AUTO,
    /** Linux. */
    EPOLL,
    /** Linux 5.14 and later, with {@code io.netty:netty-transport-native-io_uring} on the class path; never chosen by {@link #AUTO}. */
    IO_URING,
    /** macOS and BSD, with {@code io.netty:netty-transport-native-kqueue} on the class path. */
    KQUEUE,
    /** Java's own selectors, everywhere. */
    NIO
}
