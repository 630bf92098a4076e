"""The platform of chat_platform.py with words of its own, which shop_adapter.json describes.

Frames are numbered and hold several items; Kefu acknowledges them by that number. Both sides send heartbeats. Actions
are answered by the codes of their customers, in order, and by 0 when there are none left.

usage: shop_platform.py PORT COMMANDS [CERTIFICATE KEY]
"""
import asyncio
import json

import chat_platform as platform
from chat_platform import tell

codes = {}  # user -> codes still to be answered


def key_of(frame):
    return frame.get("no")


def handle(number, message):
    command = message.get("cmd")
    tell(what=command, number=number, frame=message)
    if command == "login":
        return json.dumps({"cmd": "welcome"})
    if command == "ping":
        return json.dumps({"cmd": "pong"})
    if command == "ack":
        platform.unacknowledged.pop(message["no"], None)
        platform.acknowledged += 1
        platform.wrong += 1 if "error" in message else 0
    elif command == "send":
        left = codes.get(message["user"], [])
        code = left.pop(0) if left else 0
        return json.dumps({"cmd": "sent", "req": message["req"], "code": code, "why": "said", "msg_id": message["key"]})
    return None


contract = platform.do


async def do(command):
    if command["do"] == "codes":
        codes.update(command["codes"])
    await contract(command)


platform.key_of = key_of
platform.handle = handle
platform.do = do
asyncio.run(platform.main())
