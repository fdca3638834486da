package io.msgtrans.reactive.test.spring;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.test.autoconfigure.TestSliceTestContextBootstrapper;

/** Serves each test class at an address of its own within the process. */
final class TransportTestBootstrapper extends TestSliceTestContextBootstrapper<TransportTest> {

    @Override
    protected String @Nullable [] getProperties(Class<?> testClass) {
        List<String> properties = new ArrayList<>();
        String address = "mem://" + testClass.getName().replace('$', '.');
        properties.add("msgtrans.server.listen=" + address);
        properties.add("msgtrans.client.uri=" + address);
        properties.add("msgtrans.client.pool-start=lazy"); // the client is made before the server listens
        properties.add("spring.main.web-application-type=none");
        String[] own = super.getProperties(testClass);
        if (own != null) {
            properties.addAll(List.of(own));
        }
        return properties.toArray(String[]::new);
    }
}
