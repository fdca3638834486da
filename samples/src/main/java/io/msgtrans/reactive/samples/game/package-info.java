/**
 * Rooms of a game in browsers: each room is a group, whose state goes to all of its players sixty times a second, and of which a
 * slow browser gets the latest.
 */
@NullMarked
package io.msgtrans.reactive.samples.game;

import org.jspecify.annotations.NullMarked;
