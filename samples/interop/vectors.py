#!/usr/bin/env python3
"""Speaks the wire format over plain sockets, without any code of the project, to a server in echo mode.

usage: vectors.py HOST TCP_PORT WS_PORT

Every accepted vector must come back byte for byte (a request as the response with its payload), every refused one
must close its own connection and no other. Exit code 0 when all of it holds.
"""
import base64
import os
import socket
import struct
import sys

ACCEPTED = {
    "01 empty": "01000000000000010000000000000000",
    "02 one-way": "010000050000002a00000000000b000068656c6c6f20776f726c64",
    "03 request": "0100010a00000064000000000004000070696e67",
    "05 extension header": "01000000000000070009000000040000726f7574653a61626364617461",
    "06 largest biz, high id": "010000ffdeadbeef0000000000000000",
    "07 high priority": "01000014000000c80000000000060002757267656e74",
    "08 route tag": "0100001e0000012c0009000000070004726f7574653a6d73677061796c6f6164",
    "11 request, id 0xFFFFFFFF": "01000101ffffffff0000000000000000",
    "12 all flags": "01000000000000020000000000000007",
    "13 unknown flags": "0100000000000002000000000000fff8",
}
REFUSED = {
    "31 version 99": "630001000000000100000000000200006869",
    "32 compression 3": "010301000000000100000000000200006869",
    "33 packet type 3": "010003000000000100000000000200006869",
    "34 declares 4 GiB": "01000100000000010000ffffffff00006869",
    "36 payload above the limit of TCP": "01000000000000010000001000010000",
}
REFUSED_MESSAGE = dict(REFUSED, **{
    "35 extension header cut": "0100010000000001002000000001000007070707070707070707",
    "short frame": "01000000",
})
del REFUSED_MESSAGE["36 payload above the limit of TCP"]  # the declared bytes are missing; WebSocket allows the size
REFUSED_MESSAGE["36 declares more than its frame"] = "01000000000000010000001000010000"


def expected(packet: bytes) -> bytes:
    return packet[:2] + b"\x02" + packet[3:] if packet[2] == 1 else packet


def read_exactly(sock, count):
    data = b""
    while len(data) < count:
        part = sock.recv(count - len(data))
        if not part:
            raise EOFError(f"closed after {len(data)} of {count} bytes")
        data += part
    return data


def connect(host, port):
    sock = socket.create_connection((host, port), timeout=10)
    sock.settimeout(10)
    return sock


def websocket(host, port):
    sock = connect(host, port)
    key = base64.b64encode(os.urandom(16)).decode()
    sock.sendall((f"GET /any/path HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read_exactly(sock, 1)
    if b" 101 " not in head.split(b"\r\n")[0]:
        raise AssertionError(head)
    return sock


def send_message(sock, payload, mask=b"\x01\x02\x03\x04"):
    length = struct.pack("!B", 0x80 | len(payload)) if len(payload) < 126 else b"\xfe" + struct.pack("!H", len(payload))
    sock.sendall(b"\x82" + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))


def read_frame(sock):
    first, second = read_exactly(sock, 2)
    length = second & 0x7F
    if length == 126:
        length = struct.unpack("!H", read_exactly(sock, 2))[0]
    return first & 0x0F, read_exactly(sock, length)


def ends(sock):
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def check(name, ok):
    print(("ok      " if ok else "FAILED  ") + name)
    return ok


def tcp_echoes(sock, packet):
    sock.sendall(packet)
    return read_exactly(sock, len(packet)) == expected(packet)


def ws_echoes(sock, packet):
    send_message(sock, packet)
    return read_frame(sock) == (2, expected(packet))


def ws_refuses(sock, packet):
    send_message(sock, packet)
    opcode, payload = read_frame(sock)
    return opcode == 8 and struct.unpack("!H", payload[:2])[0] in (1002, 1009)


def main():
    host, tcp_port, ws_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    alive = bytes.fromhex(ACCEPTED["02 one-way"])
    bystander_tcp, bystander_ws = connect(host, tcp_port), websocket(host, ws_port)
    ok = True
    for name, text in ACCEPTED.items():
        packet = bytes.fromhex(text)
        ok &= check(f"tcp {name}", tcp_echoes(connect(host, tcp_port), packet))
        ok &= check(f"ws  {name}", ws_echoes(websocket(host, ws_port), packet))
    sock = connect(host, tcp_port)
    both = bytes.fromhex("010001000000000100000000000500006669727374010001000000000200000000000600007365636f6e64")
    for i in range(len(both)):
        sock.sendall(both[i:i + 1])
    ok &= check("tcp 20 two packets, byte by byte",
                read_exactly(sock, len(both)) == expected(both[:21]) + expected(both[21:]))
    for name, text in REFUSED.items():
        sock = connect(host, tcp_port)
        sock.sendall(bytes.fromhex(text))
        ok &= check(f"tcp {name} closes", ends(sock))
        ok &= check(f"tcp {name} harms nobody", tcp_echoes(bystander_tcp, alive))
    for name, text in REFUSED_MESSAGE.items():
        ok &= check(f"ws  {name} closes", ws_refuses(websocket(host, ws_port), bytes.fromhex(text)))
        ok &= check(f"ws  {name} harms nobody", ws_echoes(bystander_ws, alive))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
