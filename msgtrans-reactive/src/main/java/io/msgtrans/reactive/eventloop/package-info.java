/** Event loops: how many threads, by which system calls they wait for sockets, on which processors they run. */
@NullMarked
package io.msgtrans.reactive.eventloop;

import org.jspecify.annotations.NullMarked;
