/**
 * The head-to-head: one rig, and one small adapter per contestant.
 *
 * <p>A <em>contestant</em> is a way to move packets between two processes. A <em>workload</em> says what is moved. The
 * <em>rig</em> ({@link io.msgtrans.reactive.peers.PeerRig}) starts a server and a client process of a contestant for one
 * workload, reads the client's <em>result</em>, ends both, and goes on to the next contestant, round after round.
 *
 * <p>The framework ({@code Contestant}, {@code BenchSettings}, {@code Recorder}, {@code EchoLane}, {@code Tally}) uses
 * neither Netty nor Reactor, so that a contestant may bring its own versions of both on a class path of its own.
 */
@NullMarked
package io.msgtrans.reactive.peers;

import org.jspecify.annotations.NullMarked;
