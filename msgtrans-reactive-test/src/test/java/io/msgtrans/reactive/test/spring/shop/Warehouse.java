package io.msgtrans.reactive.test.spring.shop;

import org.springframework.stereotype.Component;

/** Not part of the slice. */
@Component
public class Warehouse {

    public String name() {
        return "the real one";
    }
}
