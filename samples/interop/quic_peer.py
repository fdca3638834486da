#!/usr/bin/env python3
"""A QUIC peer that is not ours (aioquic, `pip install aioquic`), without any code of the project.

usage: quic_peer.py check HOST PORT        against a server in echo mode: accepted and refused vectors
       quic_peer.py serve PORT CERT KEY    an echo server for our clients; prints LISTENING, ends with its input

Exit code 0 when everything came back byte for byte, and every refused frame closed its own connection and no other.
"""
import asyncio
import ssl
import struct
import sys

from aioquic.asyncio import QuicConnectionProtocol, connect, serve
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, StreamDataReceived

from vectors import ACCEPTED, expected

TIMEOUT = 10
REFUSED = {
    "31 version 99": bytes.fromhex("00000012630001000000000100000000000200006869"),
    "38 length above 16 MiB": bytes.fromhex("01000001"),
    "length 0 without agreement": bytes.fromhex("00000000"),
    "length 15": struct.pack(">I", 15) + bytes(15),
    "35 extension header cut": bytes.fromhex("0000001a0100010000000001002000000001000007070707070707070707"),
}


def framed(packet):
    return struct.pack(">I", len(packet)) + packet


class Peer(QuicConnectionProtocol):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.received = bytearray()
        self.arrived = asyncio.Event()
        self.ended = asyncio.get_event_loop().create_future()

    def quic_event_received(self, event):
        if isinstance(event, StreamDataReceived):
            self.received += event.data
            self.arrived.set()
            self.data_received(event)
        elif isinstance(event, ConnectionTerminated) and not self.ended.done():
            self.ended.set_result(event)

    def data_received(self, event):
        pass

    def write(self, stream, data):
        self._quic.send_stream_data(stream, data)
        self.transmit()

    async def take(self, count):
        while len(self.received) < count:
            self.arrived.clear()
            await asyncio.wait_for(self.arrived.wait(), TIMEOUT)
        taken = bytes(self.received[:count])
        del self.received[:count]
        return taken


class Echo(Peer):
    """Answers requests with their payload, returns everything else as it is."""

    def data_received(self, event):
        while len(self.received) >= 4:
            length = struct.unpack(">I", self.received[:4])[0]
            if len(self.received) < 4 + length:
                return
            packet = bytes(self.received[4:4 + length])
            del self.received[:4 + length]
            self.write(event.stream_id, framed(expected(packet)))


def client():
    return QuicConfiguration(is_client=True, alpn_protocols=["msgtrans"], verify_mode=ssl.CERT_NONE)


async def check(host, port):
    failures = 0
    async with connect(host, port, configuration=client(), create_protocol=Peer) as witness:
        stream = witness._quic.get_next_available_stream_id()

        async def exchange(name, packet, parts):
            nonlocal failures
            data = framed(packet)
            for part in parts(data):
                witness.write(stream, part)
                await asyncio.sleep(0)
            want = framed(expected(packet))
            got = await witness.take(len(want))
            ok = got == want
            failures += not ok
            print(("ok  " if ok else "BAD ") + name)

        for name, text in ACCEPTED.items():
            await exchange(name, bytes.fromhex(text), lambda data: [data])
            await exchange(name + ", byte by byte", bytes.fromhex(text), lambda data: [data[i:i + 1] for i in range(len(data))])
        large = bytes.fromhex("01000000000000010000") + struct.pack(">I", 1 << 20) + bytes(2) + bytes(range(256)) * 4096
        await exchange("1 MiB", large, lambda data: [data])
        for name, data in REFUSED.items():
            async with connect(host, port, configuration=client(), create_protocol=Peer) as bad:
                bad.write(bad._quic.get_next_available_stream_id(), data)
                end = await asyncio.wait_for(bad.ended, TIMEOUT)
                print(f"ok   {name}: closed with {end.error_code} {end.reason_phrase}")
        await exchange("the first connection lives", bytes.fromhex(ACCEPTED["03 request"]), lambda data: [data])
    return failures


async def echo(port, certificate, key):
    configuration = QuicConfiguration(is_client=False, alpn_protocols=["msgtrans"])
    configuration.load_cert_chain(certificate, key)
    await serve("127.0.0.1", port, configuration=configuration, create_protocol=Echo)
    print(f"LISTENING quic://localhost:{port}", flush=True)
    await asyncio.get_event_loop().run_in_executor(None, sys.stdin.read)


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "check":
        sys.exit(1 if asyncio.run(check(sys.argv[2], int(sys.argv[3]))) else 0)
    if len(sys.argv) == 5 and sys.argv[1] == "serve":
        asyncio.run(echo(int(sys.argv[2]), sys.argv[3], sys.argv[4]))
        return
    sys.exit(__doc__)


if __name__ == "__main__":
    main()
