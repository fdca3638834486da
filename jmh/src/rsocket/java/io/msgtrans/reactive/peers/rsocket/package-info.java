/**
 * RSocket as a contestant. Compiled and run with the Netty and Reactor that it was released with, which are older than
 * ours; so without our annotations and compiler checks.
 */
package io.msgtrans.reactive.peers.rsocket;
