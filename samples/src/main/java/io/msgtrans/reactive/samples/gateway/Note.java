package io.msgtrans.reactive.samples.gateway;

import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Size;

/** What a device wants to be kept. */
public record Note(
        @NotBlank String device, @NotBlank @Size(max = 200) String text) {}
