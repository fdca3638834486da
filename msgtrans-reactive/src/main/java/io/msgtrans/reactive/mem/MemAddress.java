package io.msgtrans.reactive.mem;

import java.net.SocketAddress;

/** The address of one end of a connection within the process. */
final class MemAddress extends SocketAddress {

    private static final long serialVersionUID = 1L;

    private final String name;

    MemAddress(String name) {
        this.name = name;
    }

    @Override
    public String toString() {
        return "mem://" + name;
    }
}
