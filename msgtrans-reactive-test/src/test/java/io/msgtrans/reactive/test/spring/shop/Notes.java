package io.msgtrans.reactive.test.spring.shop;

import io.msgtrans.reactive.spring.PacketController;
import io.msgtrans.reactive.spring.PacketMapping;

/** Another controller. */
@PacketController
public class Notes {

    @PacketMapping(bizType = 2)
    String note(String text) {
        return "noted: " + text;
    }
}
