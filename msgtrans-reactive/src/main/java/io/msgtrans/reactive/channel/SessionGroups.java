package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.GroupOptions;
import io.msgtrans.reactive.group.Groups;
import java.util.Collection;
import java.util.Collections;
import java.util.concurrent.ConcurrentHashMap;

/** Groups of sessions on Netty channels; made by {@link Groups#create(GroupOptions)}. */
public final class SessionGroups implements Groups {

    private final GroupOptions options;
    private final ConcurrentHashMap<String, Group> byName = new ConcurrentHashMap<>();

    /** With options that hold for each group. */
    public SessionGroups(GroupOptions options) {
        this.options = options;
    }

    @Override
    public Group group(String name) {
        Group present = byName.get(name);
        return present != null ? present : byName.computeIfAbsent(name, absent -> new SessionGroup(absent, options));
    }

    @Override
    public Collection<Group> all() {
        return Collections.unmodifiableCollection(byName.values());
    }

    @Override
    public boolean remove(String name) {
        Group removed = byName.remove(name);
        if (removed == null) {
            return false;
        }
        removed.members().forEach(removed::leave);
        return true;
    }
}
