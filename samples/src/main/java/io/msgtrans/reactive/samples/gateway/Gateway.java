package io.msgtrans.reactive.samples.gateway;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.spring.TransportServerLifecycle;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import reactor.core.Disposable;

/** Starts the pricing server and the application in front of it. */
public final class Gateway implements Disposable {

    private final BoundServer pricing;
    private final ConfigurableApplicationContext application;

    private Gateway(BoundServer pricing, ConfigurableApplicationContext application) {
        this.pricing = pricing;
        this.application = application;
    }

    /** Starts both; port 0 is any free one. */
    public static Gateway start(String host, int port, int devicePort) {
        BoundServer pricing = PricingServer.start();
        SpringApplication application = new SpringApplication(GatewayApplication.class);
        Map<String, Object> properties = new LinkedHashMap<>();
        properties.put("server.address", host);
        properties.put("server.port", port);
        properties.put("spring.main.banner-mode", "off");
        properties.put("spring.web.resources.static-locations", "classpath:/gateway/");
        properties.put("msgtrans.client.uri", pricing.uri().toString());
        properties.put("msgtrans.server.listen", "tcp://" + host + ":" + devicePort);
        properties.put("msgtrans.server.web-path", "/feed");
        properties.put("gateway.archive", "http://" + host + ":${local.server.port}/archive");
        application.setDefaultProperties(properties);
        application.setRegisterShutdownHook(false);
        return new Gateway(pricing, application.run());
    }

    /** Where browsers go. */
    public URI page() {
        return URI.create("http://" + application.getEnvironment().getRequiredProperty("server.address") + ":"
                + application.getEnvironment().getRequiredProperty("local.server.port") + "/");
    }

    /** Where devices connect. */
    public URI devices() {
        return application.getBean(TransportServerLifecycle.class).uris().get(0);
    }

    /** Ends the pricing server only, as if it had failed. */
    void stopPricing() {
        pricing.dispose();
        pricing.onDispose().block(Duration.ofSeconds(10));
    }

    @Override
    public void dispose() {
        application.close();
        stopPricing();
    }
}
