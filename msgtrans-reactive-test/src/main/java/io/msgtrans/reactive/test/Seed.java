package io.msgtrans.reactive.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * A {@code long} parameter of a test: another seed in each run. When the test fails, the seed is printed with the way to have it again: {@code
 * -Dmsgtrans.seed=N}.
 *
 * <pre>
 *   void survivesANetworkThatSplits(&#64;Seed long seed) {
 *       TcpProxy proxy = TcpProxy.to(port, seed).split(7);
 * </pre>
 */
@Documented
@Target(ElementType.PARAMETER)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(Seed.Extension.class)
public @interface Seed {

    /** Gives seeds, and prints those of failed tests. */
    final class Extension implements ParameterResolver, TestWatcher {

        private static final String PROPERTY = "msgtrans.seed";
        private static final ExtensionContext.Namespace STORE = ExtensionContext.Namespace.create(Seed.class);

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.isAnnotated(Seed.class) && parameter.getParameter().getType() == long.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            long seed = Long.getLong(PROPERTY, ThreadLocalRandom.current().nextLong());
            context.getStore(STORE).put(PROPERTY, seed);
            return seed;
        }

        @Override
        public void testFailed(ExtensionContext context, @Nullable Throwable cause) {
            Object seed = context.getStore(STORE).get(PROPERTY);
            if (seed != null) {
                System.err.println(context.getDisplayName() + " failed with -D" + PROPERTY + "=" + seed);
            }
        }
    }
}
