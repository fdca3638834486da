package io.msgtrans.reactive.test;

import java.util.concurrent.atomic.AtomicInteger;

class MemContractTest implements StreamContract {

    private static final AtomicInteger NAMES = new AtomicInteger();

    @Override
    public String listenUri() {
        return "mem://contract-" + NAMES.incrementAndGet();
    }

    @Override
    public String deadUri() {
        return "mem://nobody";
    }
}
