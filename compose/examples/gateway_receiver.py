#!/usr/bin/env python3
"""A gateway for Kefu: takes signed actions and sends each of them once. Standard library only, Python 3.11.

    KEFU_GATEWAY_SECRET=whsec_… python3 gateway_receiver.py --listen 9000 --database sent.db

and for Kefu KEFU_GATEWAY_URL=http://127.0.0.1:9000/send with the same secret; two, separated by a comma, while one is
replaced. `send` below is where your chat system's interface belongs.

How Kefu reads the answers: 2xx is done, and the JSON becomes the task's `result`; 408, 425, 429 and 5xx are tried
again, after `Retry-After` when there is one; every other status is final, and the task fails as `gateway_rejected`.
"""

import argparse
import json
import os
import sqlite3
import sys
import threading
import time

from receiver import Server


class Refused(Exception):
    """The chat system will never send this: no such customer, text not allowed."""


def send(action, customer, trigger_event):
    """Sends; returns what the task shall keep as its result. Raises Refused, or anything else to be tried again."""
    text = action["message"] or ""
    if action["type"] == "send_file":
        text += f" [file {action['file_url']}]"
    if action["type"] == "send_link":
        text += f" [link {action['url']}]"
    print(json.dumps({"to": customer["id"], "text": text.strip()}, ensure_ascii=False), flush=True)
    return {"message_id": f"m-{time.time_ns()}"}


class Gateway:
    """Every attempt of one task has the same Idempotency-Key: what was sent under it is not sent again."""

    def __init__(self, path, send):
        self.send = send
        self.underway = set()
        # Both of them: only one thread at a time has them.
        self.lock = threading.Lock()
        self.database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # What is written survives the power, too.
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = FULL")
        self.database.execute("CREATE TABLE IF NOT EXISTS sent (key TEXT PRIMARY KEY, answer TEXT, at REAL NOT NULL)")

    def take(self, headers, message):
        key = headers.get("idempotency-key")
        if not key:
            return 400, {"error": "no Idempotency-Key"}
        with self.lock:
            row = self.database.execute("SELECT answer FROM sent WHERE key = ?", (key,)).fetchone()
            if row and row[0] is not None:
                return 200, json.loads(row[0]), {"Idempotent-Replayed": "true"}
            if key in self.underway:
                # The attempt before this one has not ended. Not 409: that would be final.
                return 503, {"error": "the same is being sent"}, {"Retry-After": "1"}
            if row:
                # Begun by a process that died: whether it was sent nobody knows. Ask your chat system here, if it
                # can tell; this example would rather send twice than never.
                print(f"{key}: outcome of an earlier attempt unknown, sending again", file=sys.stderr, flush=True)
            self.database.execute("INSERT OR REPLACE INTO sent VALUES (?, NULL, ?)", (key, time.time()))
            self.underway.add(key)
        answer = None
        try:
            answer = self.send(message["action"], message["customer"], message["trigger_event"])
            return 200, answer
        except Refused as problem:
            return 422, {"error": str(problem)}
        finally:
            # What failed was not sent, and leaves nothing behind.
            with self.lock:
                self.underway.discard(key)
                if answer is None:
                    self.database.execute("DELETE FROM sent WHERE key = ?", (key,))
                else:
                    self.database.execute("UPDATE sent SET answer = ? WHERE key = ?", (json.dumps(answer), key))

    def forget(self, days=30):
        """Kefu repeats an action for hours, not for weeks."""
        with self.lock:
            self.database.execute("DELETE FROM sent WHERE at < ?", (time.time() - days * 86400,))


def main():
    parser = argparse.ArgumentParser(description="A gateway for Kefu that sends each action once.")
    parser.add_argument("--listen", default="127.0.0.1:9000", help="host:port, or a port of this machine")
    parser.add_argument("--database", default="sent.db", help="where it keeps what was sent")
    options = parser.parse_args()
    gateway = Gateway(options.database, send)
    gateway.forget()
    server = Server(options.listen, os.environ.get("KEFU_GATEWAY_SECRET", ""), gateway.take)
    print(f"listening on port {server.server_port}", file=sys.stderr, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
