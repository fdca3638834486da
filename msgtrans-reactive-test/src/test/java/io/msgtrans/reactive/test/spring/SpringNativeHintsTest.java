package io.msgtrans.reactive.test.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.test.spring.shop.Order;
import io.msgtrans.reactive.test.spring.shop.Orders;
import io.msgtrans.reactive.test.spring.shop.Receipt;
import io.msgtrans.reactive.test.spring.shop.ShopApplication;
import org.junit.jupiter.api.Test;
import org.springframework.aot.generate.ClassNameGenerator;
import org.springframework.aot.generate.DefaultGenerationContext;
import org.springframework.aot.generate.GenerationContext;
import org.springframework.aot.generate.InMemoryGeneratedFiles;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.javapoet.ClassName;

/** Spring's own preparation of a native image finds what is called and bound by reflection. */
class SpringNativeHintsTest {

    @Test
    void controllersAndPayloadsAreRegistered() throws NoSuchMethodException {
        GenerationContext generation = new DefaultGenerationContext(
                new ClassNameGenerator(ClassName.get(ShopApplication.class)), new InMemoryGeneratedFiles());
        try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
            context.register(ShopApplication.class);
            new ApplicationContextAotGenerator().processAheadOfTime(context, generation);
        }
        RuntimeHints hints = generation.getRuntimeHints();

        assertThat(RuntimeHintsPredicates.reflection()
                        .onMethodInvocation(Orders.class.getDeclaredMethod("place", Order.class)))
                .accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection().onType(Order.class)).accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection().onType(Receipt.class)).accepts(hints);
        assertThat(RuntimeHintsPredicates.resource().forResource("io/msgtrans/reactive/dashboard/dashboard.html"))
                .accepts(hints);
    }
}
