package io.msgtrans.reactive.samples.docs.shop;

import io.msgtrans.reactive.admission.Rate;
import io.msgtrans.reactive.spring.TransportServerCustomizer;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

// docs: application
@SpringBootApplication
public class ShopApplication {

    @Bean
    TransportServerCustomizer admission() { // anything that a TransportServer knows
        return server -> server.admission(options -> options.sessionRate(Rate.of(1_000, 100)));
    }
}
// docs: end
