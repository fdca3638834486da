package io.msgtrans.reactive.wire;

import java.util.HexFormat;
import java.util.List;

/** The test vectors of the wire format. */
public final class Vectors {

    /**
     * A packet that must be accepted, field by field.
     *
     * @param id the message id, unsigned
     */
    public record Accepted(String name, int type, int biz, long id, String ext, String payload, int flags, String hex) {

        public byte[] bytes() {
            return HexFormat.of().parseHex(hex);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /**
     * Bytes that must be refused.
     *
     * @param message what the error must name
     */
    public record Refused(String name, String message, String hex) {

        public byte[] bytes() {
            return HexFormat.of().parseHex(hex);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    public static final List<Accepted> ACCEPTED = List.of(
            new Accepted("01 empty", 0, 0, 1, "", "", 0, "01000000000000010000000000000000"),
            new Accepted(
                    "02 one-way",
                    0,
                    5,
                    42,
                    "",
                    "hello world",
                    0,
                    "010000050000002a00000000000b000068656c6c6f20776f726c64"),
            new Accepted("03 request", 1, 10, 100, "", "ping", 0, "0100010a00000064000000000004000070696e67"),
            new Accepted("04 response", 2, 10, 100, "", "pong", 0, "0100020a000000640000000000040000706f6e67"),
            new Accepted(
                    "05 extension header",
                    0,
                    0,
                    7,
                    "route:abc",
                    "data",
                    0,
                    "01000000000000070009000000040000726f7574653a61626364617461"),
            new Accepted("06 largest biz, high id", 0, 255, 0xDEADBEEFL, "", "", 0, "010000ffdeadbeef0000000000000000"),
            new Accepted(
                    "07 high priority", 0, 20, 200, "", "urgent", 2, "01000014000000c80000000000060002757267656e74"),
            new Accepted(
                    "08 route tag",
                    0,
                    30,
                    300,
                    "route:msg",
                    "payload",
                    4,
                    "0100001e0000012c0009000000070004726f7574653a6d73677061796c6f6164"),
            new Accepted("11 id 0xFFFFFFFF", 1, 1, 0xFFFFFFFFL, "", "", 0, "01000101ffffffff0000000000000000"),
            new Accepted("12 all flags", 0, 0, 2, "", "", 7, "01000000000000020000000000000007"),
            new Accepted("13 unknown flags", 0, 0, 2, "", "", 0xFFF8, "0100000000000002000000000000fff8"));

    /** Each inflates to 1024 times the letter A. */
    public static final List<Accepted> COMPRESSED = List.of(
            new Accepted(
                    "14 zlib",
                    0,
                    0,
                    1,
                    "",
                    "A".repeat(1024),
                    0,
                    "01020000000000010000000000110000789c73741c05a360148c540000a4780410"),
            new Accepted(
                    "15 zstd",
                    0,
                    0,
                    1,
                    "",
                    "A".repeat(1024),
                    0,
                    "0101000000000001000000000013000028b52ffd6000034d00001041410100fb2b8005"),
            new Accepted(
                    "16 zlib with extension header",
                    1,
                    9,
                    0x01020304L,
                    "t:1",
                    "A".repeat(1024),
                    0,
                    "01020109010203040003000000110000743a31789c73741c05a360148c540000a4780410"));

    public static final List<Refused> REFUSED = List.of(
            new Refused("31 version 99", "version 99", "630001000000000100000000000200006869"),
            new Refused("32 compression 3", "compression 3", "010301000000000100000000000200006869"),
            new Refused("33 packet type 3", "packet type 3", "010003000000000100000000000200006869"),
            new Refused("34 declares 4 GiB", "4294967295", "01000100000000010000ffffffff00006869"),
            new Refused("36 payload above the limit of TCP", "1048577", "01000000000000010000001000010000"));

    private Vectors() {}
}
