package io.msgtrans.reactive.group;

/** What happens when a member does not take its packets as fast as they come, and its backlog is full. */
public enum SlowMembers {
    /** The backlog is dropped, and the new packet takes its place: for state, of which only the last counts. */
    LATEST,
    /** The oldest packets of the backlog are dropped. */
    DROP_OLDEST,
    /** The new packet is dropped. */
    DROP_NEWEST,
    /** The member's session is closed with code 1008. */
    DISCONNECT,
    /**
     * The group takes no more until the member has room: nothing is lost, and the slowest member sets the pace. What the group
     * had taken before may exceed the backlog.
     */
    WAIT
}
