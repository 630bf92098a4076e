#!/usr/bin/env python3
"""Tianwang's side: issues tasks, repeats what was not answered, takes the callbacks. Standard library, Python 3.11.

    KEFU_TOKEN=… TIANWANG_CALLBACK_SECRET=whsec_… \\
      python3 tianwang_sender.py --kefu http://127.0.0.1:5678 --listen 9001 tasks.json

and for Kefu TIANWANG_CALLBACK_URL=http://127.0.0.1:9001/callback with the same secret. The file holds a task or an
array of them (`-`: standard input); several --kefu are tried in turn. Prints a line for each callback, and ends when
every task of the file has ended: with status 0 when all were completed.
"""

import argparse
import http.client
import itertools
import json
import os
import random
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.request

from receiver import Server


class Rejected(Exception):
    """Kefu said no, and would say it again."""


class Kefu:
    def __init__(self, urls, token="", patience=300.0):
        self.urls = itertools.cycle([url.rstrip("/") for url in urls])
        self.token = token
        self.patience = patience  # seconds, for one call with all its repetitions

    def post(self, path, body):
        """The answer's `data`. Repeats when it is worth it: the same task twice is one task, told as `duplicate`."""
        deadline = time.monotonic() + self.patience
        for attempt in itertools.count():
            pause = min(30, 0.2 * 2**attempt) * random.uniform(0.8, 1.2)
            try:
                return self.call(next(self.urls) + path, body)
            except urllib.error.HTTPError as error:
                if error.code not in (408, 425, 429) and error.code < 500:
                    raise Rejected(f"{path}: {error.code} {error.read().decode(errors='replace')}") from None
                pause = max(pause, self.asked_pause(error))
                problem = f"HTTP {error.code}"
            except (OSError, http.client.HTTPException) as error:
                # Not reached, or broken off in the middle: whether it was heard nobody knows.
                problem = repr(error)
            if time.monotonic() + pause > deadline:
                raise TimeoutError(f"{path}: {problem}, and {self.patience:.0f} s are over")
            print(f"{path}: {problem}, again in {pause:.1f} s", file=sys.stderr, flush=True)
            time.sleep(pause)

    def call(self, url, body):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(url, json.dumps(body, ensure_ascii=False).encode(), headers)
        with urllib.request.urlopen(request, timeout=15) as answer:
            return json.load(answer)["data"]

    @staticmethod
    def asked_pause(error):
        """What `Retry-After` asks for, in seconds; Kefu sends no dates."""
        text = error.headers.get("retry-after", "")
        return min(float(text), 60) if text.isascii() and text.isdigit() else 0


class Callbacks:
    """Each callback comes at least once, always under the same `callback_id`: the second one changes nothing."""

    def __init__(self, path):
        self.database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.database.execute("PRAGMA synchronous = FULL")
        self.database.execute("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, task TEXT, status TEXT)")
        self.changed = threading.Condition()

    def take(self, headers, message):
        with self.changed:
            new = self.database.execute(
                "INSERT OR IGNORE INTO seen VALUES (?, ?, ?)",
                (message["callback_id"], message["task_id"], message["status"]),
            ).rowcount
            self.changed.notify_all()
        if new:
            # Here belongs what Tianwang does with it; after the answer it will not be told again.
            print(json.dumps({key: message[key] for key in ("task_id", "status", "error", "result")},
                             ensure_ascii=False), flush=True)
        return 200, {"known": not new}

    def wait(self, tasks):
        """The final states of the tasks, once all have one."""
        query = "SELECT task, status FROM seen WHERE status IN ('completed', 'failed', 'cancelled')"
        with self.changed:
            while True:
                states = dict(self.database.execute(query))
                if all(task in states for task in tasks):
                    return [states[task] for task in tasks]
                self.changed.wait(1)


def main():
    parser = argparse.ArgumentParser(description="Issues tasks and waits for how they end.")
    parser.add_argument("--kefu", action="append", help="an address; several are tried in turn")
    parser.add_argument("--listen", default="127.0.0.1:9001", help="for callbacks: host:port, or a port")
    parser.add_argument("--database", default="callbacks.db", help="where it keeps which callbacks it has had")
    parser.add_argument("file", type=argparse.FileType("r", encoding="utf-8"))
    options = parser.parse_args()

    tasks = json.load(options.file)
    tasks = tasks if isinstance(tasks, list) else [tasks]
    callbacks = Callbacks(options.database)
    server = Server(options.listen, os.environ.get("TIANWANG_CALLBACK_SECRET", ""), callbacks.take)
    # Before the first task: its callback may be faster than the answer.
    threading.Thread(target=server.serve_forever, daemon=True).start()

    kefu = Kefu(options.kefu or [os.environ.get("KEFU_URL", "http://127.0.0.1:5678")], os.environ.get("KEFU_TOKEN", ""))
    try:
        for task in tasks:
            answer = kefu.post("/api/task/receive", task)
            print(f"{answer['task_id']}: {answer['status']}", file=sys.stderr, flush=True)
    except (Rejected, TimeoutError) as problem:
        raise SystemExit(f"error: {problem}") from None
    states = callbacks.wait([task["task_id"] for task in tasks])
    server.drain()
    raise SystemExit(0 if all(state == "completed" for state in states) else 1)


if __name__ == "__main__":
    main()
