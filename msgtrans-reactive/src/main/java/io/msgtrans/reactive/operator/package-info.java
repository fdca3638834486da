/**
 * What pipelines are built with: a <b>channel</b> hands items from any number of producers to any number of competing
 * consumers, a <b>batch</b> is a list of items that were close in time, and <b>workers</b> are threads that may block.
 */
@NullMarked
package io.msgtrans.reactive.operator;

import org.jspecify.annotations.NullMarked;
