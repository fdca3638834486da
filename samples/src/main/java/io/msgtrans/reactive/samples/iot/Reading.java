package io.msgtrans.reactive.samples.iot;

/**
 * What a device measured.
 *
 * @param device which one
 * @param timeMillis when, since 1970
 * @param celsius its temperature
 * @param volts of its battery
 */
public record Reading(int device, long timeMillis, float celsius, float volts) {}
