package io.msgtrans.reactive.test.spring;

import java.util.stream.Stream;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;

/** Starts real Boot applications. */
final class SpringApplications {

    private SpringApplications() {}

    static ConfigurableApplicationContext run(WebApplicationType type, Class<?> source, String... properties) {
        SpringApplication application = new SpringApplication(source);
        application.setWebApplicationType(type);
        application.setRegisterShutdownHook(false);
        return application.run(Stream.concat(
                        Stream.of(properties),
                        Stream.of("spring.main.banner-mode=off", "server.port=0", "server.address=127.0.0.1"))
                .map(property -> "--" + property)
                .toArray(String[]::new));
    }

    static String port(ConfigurableApplicationContext context) {
        return context.getEnvironment().getRequiredProperty("local.server.port");
    }
}
