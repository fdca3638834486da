package io.msgtrans.reactive.test;

class WsContractTest implements StreamContract {

    @Override
    public String listenUri() {
        return "ws://127.0.0.1:0";
    }

    @Override
    public String deadUri() {
        return "ws://127.0.0.1:1";
    }
}
