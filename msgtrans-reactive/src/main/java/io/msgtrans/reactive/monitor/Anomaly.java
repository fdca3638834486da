package io.msgtrans.reactive.monitor;

/**
 * A figure that is far from what it was in the last minutes: its modified z-score (Iglewicz and Hoaglin 1993), 0.6745 (x - median) /
 * MAD, is beyond 3.5, with a tenth of the median as the least MAD.
 *
 * @param figure which
 * @param value what it is
 * @param usual the median of the last minutes
 * @param score how far it is away
 */
public record Anomaly(Figure figure, double value, double usual, double score) {}
