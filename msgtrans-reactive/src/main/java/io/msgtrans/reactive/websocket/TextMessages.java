package io.msgtrans.reactive.websocket;

/** What happens to text messages, which are no packets. */
public enum TextMessages {
    /** Skipped and counted. */
    IGNORE,
    /** The connection is closed with code 1003. */
    REJECT,
    /** Delivered as a one-way packet with id 0, biz type 0 and the UTF-8 bytes as payload, as Rust peers do. */
    DELIVER
}
