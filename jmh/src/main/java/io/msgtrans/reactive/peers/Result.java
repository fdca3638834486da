package io.msgtrans.reactive.peers;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;

/**
 * What one client process measured: one line of flat JSON between the processes and in the report.
 *
 * @param contestant its name
 * @param workload what was moved
 * @param seconds length of the measured window
 * @param packets packets confirmed by the server, or answered and checked, in the window
 * @param errors wrong replies and failed sends, over the whole run
 * @param allocatedBytes what the client allocated on the heap in the window
 * @param latency latency of replies, or of small requests beside streams; {@link Latency#NONE} one-way
 * @param cost what the rig saw of the machine in the window; {@link Cost#UNKNOWN} when the client prints it
 */
record Result(
        String contestant,
        Workload workload,
        double seconds,
        long packets,
        long errors,
        long allocatedBytes,
        Latency latency,
        Cost cost) {

    /**
     * Processor time of both processes in the window, the share of the machine's processors that its host gave to others, in percent,
     * and how long a cache line took between the processors of server and client, in nanoseconds, 0 when that is not known.
     */
    record Cost(double serverCpuSeconds, double clientCpuSeconds, double stealPercent, double hopNanos) {
        static final Cost UNKNOWN = new Cost(0, 0, 0, 0);
    }

    /** Percentiles in microseconds. */
    record Latency(double p50, double p90, double p99, double p999, double max) {

        static final Latency NONE = new Latency(0, 0, 0, 0, 0);

        static Latency of(Histogram nanos) {
            if (nanos.getTotalCount() == 0) {
                return NONE;
            }
            return new Latency(
                    nanos.getValueAtPercentile(50) / 1e3,
                    nanos.getValueAtPercentile(90) / 1e3,
                    nanos.getValueAtPercentile(99) / 1e3,
                    nanos.getValueAtPercentile(99.9) / 1e3,
                    nanos.getMaxValue() / 1e3);
        }
    }

    /** Packets per second. */
    double rate() {
        return packets / seconds;
    }

    /** Bytes that the client allocated per packet. */
    double allocatedPerPacket() {
        return packets == 0 ? 0 : (double) allocatedBytes / packets;
    }

    Result with(Cost seen) {
        return new Result(contestant, workload, seconds, packets, errors, allocatedBytes, latency, seen);
    }

    /** Nanoseconds of processor time of the server for each packet. */
    double serverNanosPerPacket() {
        return packets == 0 ? 0 : cost.serverCpuSeconds * 1e9 / packets;
    }

    /** Nanoseconds of processor time of the client for each packet. */
    double clientNanosPerPacket() {
        return packets == 0 ? 0 : cost.clientCpuSeconds * 1e9 / packets;
    }

    String toJson() {
        return String.format(
                Locale.ROOT,
                "{\"contestant\":\"%s\",\"workload\":\"%s\",\"seconds\":%.6f,\"packets\":%d,\"rate\":%.0f,"
                        + "\"errors\":%d,\"allocated\":%d,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f,"
                        + "\"serverCpu\":%.3f,\"clientCpu\":%.3f,\"steal\":%.1f,\"hop\":%.0f}",
                contestant,
                workload,
                seconds,
                packets,
                rate(),
                errors,
                allocatedBytes,
                latency.p50,
                latency.p90,
                latency.p99,
                latency.p999,
                latency.max,
                cost.serverCpuSeconds,
                cost.clientCpuSeconds,
                cost.stealPercent,
                cost.hopNanos);
    }

    static Result parse(String json) {
        Latency latency = new Latency(
                number(json, "p50"),
                number(json, "p90"),
                number(json, "p99"),
                number(json, "p999"),
                number(json, "max"));
        return new Result(
                field(json, "contestant"),
                Workload.parse(field(json, "workload")),
                number(json, "seconds"),
                (long) number(json, "packets"),
                (long) number(json, "errors"),
                (long) number(json, "allocated"),
                latency,
                new Cost(
                        number(json, "serverCpu"),
                        number(json, "clientCpu"),
                        number(json, "steal"),
                        number(json, "hop")));
    }

    private static double number(String json, String name) {
        return Double.parseDouble(field(json, name));
    }

    private static String field(String json, String name) {
        Matcher matcher = Pattern.compile("\"" + name + "\":\"?([^\",}]*)").matcher(json);
        if (!matcher.find()) {
            throw new IllegalArgumentException("no " + name + " in result " + json);
        }
        return matcher.group(1);
    }
}
