package io.msgtrans.reactive.group;

/**
 * What a group did so far; an estimate while it works.
 *
 * @param members present members
 * @param broadcasts packets that the group has taken
 * @param delivered packets that went to a member's socket or backlog, summed over members
 * @param dropped packets of full backlogs that were dropped
 * @param conflated packets of backlogs that a newer one with the same key has replaced
 * @param disconnected members closed because their backlog was full
 * @param backlog packets that wait for members' sockets now
 */
public record GroupStats(
        int members, long broadcasts, long delivered, long dropped, long conflated, long disconnected, long backlog) {}
