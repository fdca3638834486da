package io.msgtrans.reactive.test;

class TcpContractTest implements StreamContract {

    @Override
    public String listenUri() {
        return "tcp://127.0.0.1:0";
    }

    @Override
    public String deadUri() {
        return "tcp://127.0.0.1:1";
    }
}
