package io.msgtrans.reactive.channel;

/** What is counted apart from the message path. Written on the event loop; readers elsewhere get an estimate. */
final class SessionCounters {
    long packetsDiscarded;
    long unmatchedResponses;
    long payloadErrors;
    long ignoredFrames;
    long truncated;
    long unreliableDropped;
    long packetsRefused;
    long errorAnswers;
    long requestsFailed;
}
