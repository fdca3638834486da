package io.msgtrans.reactive.group;

import io.msgtrans.reactive.channel.SessionGroups;
import java.util.Collection;

/**
 * Groups by name. A group is made when it is first asked for and lives until it is removed.
 *
 * <pre>{@code
 * Groups rooms = Groups.create();
 * TransportServer.create().listen("ws://0.0.0.0:8002").handle(session -> {
 *     rooms.group("lobby").join(session);
 *     return session.receive().concatMap(packet -> rooms.group("lobby").broadcast(packet)).then();
 * })
 * }</pre>
 */
public interface Groups {

    /** Groups with the default options. */
    static Groups create() {
        return create(GroupOptions.DEFAULTS);
    }

    /** Groups with options of their own. */
    static Groups create(GroupOptions options) {
        return new SessionGroups(options);
    }

    /** The group of a name. */
    Group group(String name);

    /** The groups that there are; a live view. */
    Collection<Group> all();

    /** Forgets a group and ends its memberships; false when there is none. */
    boolean remove(String name);
}
