package io.msgtrans.reactive.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.aot.hint.annotation.Reflective;

/**
 * What a method handles: packets of a biz type, or of a route tag.
 *
 * <table>
 * <caption>By what it returns</caption>
 * <tr><td>{@code void}, {@code Mono<Void>}</td><td>one-way packets</td></tr>
 * <tr><td>a value, {@code Mono}</td><td>requests</td></tr>
 * <tr><td>{@code Flux}</td><td>streams that one packet asks for</td></tr>
 * </table>
 *
 * <p>Parameters are the payload, as {@code String}, {@code byte[]} or anything that Jackson reads, the {@code Session}, and its {@code
 * Principal}, which is {@code null} where nobody asked who the peer is; each once at most and in any order. A payload with {@code
 * @Valid} or {@code @Validated} is validated. One that cannot be read or is not valid is answered with {@code BAD_PAYLOAD}, what the
 * method throws with {@code APPLICATION}, or with the code of a {@code PeerException}. Methods are called on the event loop and must
 * not block. With Spring Security what they return runs as the session's user.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@Reflective(PacketMappingHints.class)
public @interface PacketMapping {

    /** The biz type, 0..255; or none. */
    int bizType() default -1;

    /** The route tag; or none. */
    String tag() default "";
}
