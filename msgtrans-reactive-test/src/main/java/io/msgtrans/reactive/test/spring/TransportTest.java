package io.msgtrans.reactive.test.spring;

import io.msgtrans.reactive.spring.PacketController;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.test.autoconfigure.OverrideAutoConfiguration;
import org.springframework.boot.test.context.filter.annotation.TypeExcludeFilters;
import org.springframework.context.annotation.ComponentScan.Filter;
import org.springframework.core.annotation.AliasFor;
import org.springframework.test.context.BootstrapWith;
import org.springframework.test.context.junit.jupiter.SpringExtension;

/**
 * A slice of a Spring Boot application for tests: its packet controllers, routers, handlers and customizers, Jackson and validation,
 * served within the process, and a {@code TransportClient} and a {@code SessionPool} to call them with. No port is opened, and other
 * components are not made: give them as {@code @MockitoBean}, or import them.
 *
 * <pre>{@code
 * @TransportTest(Orders.class)
 * class OrdersTest {
 *     @Autowired SessionPool pool;
 *     @MockitoBean OrderBook book;
 *
 *     @Test
 *     void isPlaced() {
 *         StepVerifier.create(pool.request(order("EUR", 3))).expectNextCount(1).verifyComplete();
 *     }
 * }
 * }</pre>
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@BootstrapWith(TransportTestBootstrapper.class)
@ExtendWith(SpringExtension.class)
@OverrideAutoConfiguration(enabled = false)
@TypeExcludeFilters(TransportTypeFilter.class)
@ImportAutoConfiguration
public @interface TransportTest {

    /** Properties such as {@code "msgtrans.server.max-payload=1024"}. */
    String[] properties() default {};

    /** The same as {@link #controllers()}. */
    @AliasFor("controllers")
    Class<?>[] value() default {};

    /** The {@link PacketController}s to make; all that are found when empty. */
    @AliasFor("value")
    Class<?>[] controllers() default {};

    /** Whether controllers, routers, handlers and customizers are made unless excluded. */
    boolean useDefaultFilters() default true;

    /** What else is made. */
    Filter[] includeFilters() default {};

    /** What is not made. */
    Filter[] excludeFilters() default {};
}
