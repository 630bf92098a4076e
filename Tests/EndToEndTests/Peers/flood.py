"""Clients of GET /api/event/ws that never stop sending events, by plain sockets.

Writes what happens, one JSON object a line, to its standard output: twice a second how much was sent and answered, and
how each connection ended. Deaf clients never read.

usage: flood.py PORT CONNECTIONS deaf|hearing
"""
import json
import os
import socket
import struct
import sys
import threading

port, connections, deaf = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "deaf"
lock = threading.Lock()
counts = {"sent": 0, "taken": 0, "other": 0, "ended": 0}


def tell(**what):
    with lock:
        print(json.dumps(what), flush=True)


def frame(text):
    body = text.encode()
    return b"\x81" + bytes([0x80 | 126]) + struct.pack(">H", len(body)) + bytes(4) + body


def open_one(number):
    peer = socket.create_connection(("127.0.0.1", port))
    if deaf:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.sendall(b"GET /api/event/ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                 b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    threading.Thread(target=send, args=(number, peer), daemon=True).start()
    if not deaf:
        threading.Thread(target=hear, args=(number, peer), daemon=True).start()


def send(number, peer):
    events = [{"type": "customer_message", "customer": {"id": f"flood-{number}-{index}"}, "text": "x" * 200}
              for index in range(200)]
    block = b"".join(frame(json.dumps(event)) for event in events)
    try:
        while True:
            peer.sendall(block)
            with lock:
                counts["sent"] += len(events)
    except OSError:
        with lock:
            counts["ended"] += 1


def hear(number, peer):
    text = b""
    code = None
    try:
        while b"\r\n\r\n" not in text:
            text += peer.recv(4096)
        text = text.split(b"\r\n\r\n", 1)[1]
        while code is None:
            while len(text) >= 4 and code is None:
                size, head = text[1], 2
                if size == 126:
                    size, head = struct.unpack(">H", text[2:4])[0], 4
                if len(text) < head + size:
                    break
                body, kind, text = text[head:head + size], text[0], text[head + size:]
                if kind == 0x88:
                    code = struct.unpack(">H", body[:2])[0]
                elif kind == 0x81:
                    with lock:
                        counts["taken" if b'"code":200' in body else "other"] += 1
            if code is None:
                more = peer.recv(65536)
                if not more:
                    break
                text += more
    except OSError:
        pass
    tell(what="closed", number=number, code=code)
    peer.close()


for each in range(connections):
    open_one(each)
# Ends with its parent, which may be killed.
parent = os.getppid()
while os.getppid() == parent:
    tell(what="counts", **counts)
    threading.Event().wait(0.5)
