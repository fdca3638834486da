/**
 * One packet to many sessions. A <b>group</b> has <b>members</b>, sessions of any transport; a <b>broadcast</b> is encoded once
 * for each event loop and framing, and its bytes are shared. What a member's socket does not take waits in the member's
 * <b>backlog</b>, which is bounded; {@link io.msgtrans.reactive.group.SlowMembers} says what happens beyond.
 */
@NullMarked
package io.msgtrans.reactive.group;

import org.jspecify.annotations.NullMarked;
