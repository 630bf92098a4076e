"""A customer-service platform as the tests need one: a WebSocket server that Kefu connects to.

Reads commands, one JSON object a line, from the file `in` of its folder as it grows, and writes what happens, one JSON
object a line, to its standard output. What it sends and is not acknowledged it sends again on the next connection, in
order. A connection that opens makes all earlier ones stale: what those still send is reported.

usage: chat_platform.py PORT COMMANDS [CERTIFICATE KEY]
"""
import asyncio
import json
import ssl
import sys
import time

from websockets.asyncio.server import serve

connections = []  # open ones, the newest last
unacknowledged = {}  # key_of(frame) -> frame, in order
silent = False  # answers no actions
fails = 0  # so many actions are answered 503 first
seen_actions = {}  # idempotency_key -> how often it was asked for
acknowledged = 0
wrong = 0
answering = asyncio.Event()  # handshakes are answered
answering.set()


def tell(**what):
    print(json.dumps({"at": time.time(), **what}, ensure_ascii=False), flush=True)


def key_of(frame):
    """What a frame is acknowledged by; None: by nothing."""
    return frame.get("event_id")


def handle(number, message):
    """What Kefu is answered, as text; None: nothing."""
    global acknowledged, wrong, fails
    if "idempotency_key" in message:
        key = message["idempotency_key"]
        seen_actions[key] = seen_actions.get(key, 0) + 1
        tell(what="action", number=number, frame=message)
        if silent:
            return None
        if fails > 0:
            fails -= 1
            return json.dumps({"id": message["id"], "code": 503, "error": "busy"})
        return json.dumps({"id": message["id"], "code": 200, "result": {"key": key}})
    if "event_id" in message:
        if message["code"] == 200:
            acknowledged += 1
            unacknowledged.pop(message["event_id"], None)
        else:
            wrong += 1
            tell(what="refused", number=number, frame=message)
    else:
        tell(what="frame", number=number, frame=message)
    return None


async def connected(socket):
    number = connected.count = getattr(connected, "count", 0) + 1
    connections.append((number, socket))
    headers = {name.lower(): value for name, value in socket.request.headers.raw_items()}
    tell(what="opened", number=number, path=socket.request.path, headers=headers, open=len(connections),
         subprotocol=socket.subprotocol)
    try:
        for frame in list(unacknowledged.values()):
            await socket.send(frame)
        async for frame in socket:
            message = json.loads(frame)
            if connections and connections[-1][0] != number:
                tell(what="stale", number=number, frame=message)
            answer = handle(number, message)
            if answer:
                await socket.send(answer)
    except Exception as error:  # the end of a connection is told below, however it came
        tell(what="failed", number=number, error=str(error))
    connections[:] = [pair for pair in connections if pair[0] != number]
    tell(what="closed", number=number, code=socket.close_code, reason=socket.close_reason)


async def asked(socket, request):
    """Before the handshake is answered."""
    tell(what="asked", token=request.headers["X-Kefu-Fencing-Token"])
    await answering.wait()


async def do(command):
    global silent, fails
    name = command["do"]
    socket = connections[-1][1] if connections else None
    if name == "send":  # frames as they are, remembered when they are to be acknowledged
        for frame in command["frames"]:
            text = frame if isinstance(frame, str) else json.dumps(frame, ensure_ascii=False)
            if not isinstance(frame, str) and key_of(frame) is not None:
                unacknowledged[key_of(frame)] = text
            if socket:
                try:
                    await socket.send(text)
                except Exception:  # it is sent again on the next connection
                    socket = None
    elif name == "pieces":  # one message in fragments
        await socket.send(command["pieces"])
    elif name == "raw":  # bytes past the protocol
        socket.transport.write(bytes.fromhex(command["hex"]))
    elif name == "abort":
        socket.transport.abort()
    elif name == "close":
        await socket.close(command["code"], command.get("reason", ""))
    elif name == "freeze":  # half-open: the peer is there no more, and nobody says so
        socket.transport.pause_reading()
    elif name == "silent":
        silent = command["on"]
    elif name == "hold":  # answers no handshake
        if command["on"]:
            answering.clear()
        else:
            answering.set()
    elif name == "fail":
        fails = command["times"]
    tell(what="did", do=name, id=command.get("id"), open=len(connections), acknowledged=acknowledged, wrong=wrong,
         unacknowledged=len(unacknowledged), actions=seen_actions)


async def follow(path):
    with open(path, encoding="utf-8") as commands:
        line = ""
        while True:
            line += commands.readline()
            if not line.endswith("\n"):
                await asyncio.sleep(0.01)
                continue
            try:
                await do(json.loads(line))
            except Exception as error:
                tell(what="error", command=line, error=repr(error))
            line = ""


def choose(socket, offered):
    return "kefu.v1" if "kefu.v1" in offered else None


async def main():
    tls = None
    if len(sys.argv) > 3:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(sys.argv[3], sys.argv[4])
    async with serve(connected, "127.0.0.1", int(sys.argv[1]), ssl=tls, ping_interval=None, compression=None,
                     select_subprotocol=choose, process_request=asked, max_size=None):
        tell(what="listening")
        await follow(sys.argv[2])


if __name__ == "__main__":
    asyncio.run(main())
