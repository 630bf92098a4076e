"""What both examples receive with: a small HTTP server that reads signed JSON, and nothing else."""

import json
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import webhooks

MOST_BYTES = 1024 * 1024


class Handler(BaseHTTPRequestHandler):
    """Answers POST; `take(headers, message)` of the server says what: a status, an object, more headers."""

    protocol_version = "HTTP/1.1"
    timeout = 30  # for a peer that falls silent

    def do_POST(self):
        with self.server.idle:
            self.server.open += 1
        try:
            self.receive()
        finally:
            with self.server.idle:
                self.server.open -= 1
                self.server.idle.notify_all()

    def receive(self):
        length = self.headers.get("content-length", "")
        if not length.isascii() or not length.isdigit() or int(length) > MOST_BYTES:
            self.close_connection = True  # what follows is not read
            return self.answer(413 if length.isdigit() else 411, {"error": "a body of at most 1 MiB is expected"})
        body = self.rfile.read(int(length))
        try:
            if self.server.keys:
                webhooks.verify(self.headers, body, self.server.keys)
            message = json.loads(body)
            if not isinstance(message, dict):
                raise ValueError("not an object")
        except webhooks.BadSignature as problem:
            return self.answer(401, {"error": str(problem)})
        except ValueError as problem:
            return self.answer(400, {"error": f"cannot be read: {problem}"})
        try:
            self.answer(*self.server.take(self.headers, message))
        except Exception as problem:  # Whatever went wrong, Kefu shall try again.
            print(f"error: {problem!r}", file=sys.stderr, flush=True)
            self.answer(503, {"error": "try again"}, {"Retry-After": "1"})

    def answer(self, status, value, headers=None):
        body = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    """`listen`: `host:port`, or `port` of this machine alone. `secrets`: `whsec_…`, or empty to take what is unsigned."""

    daemon_threads = True

    def __init__(self, listen, secrets, take):
        host, _, port = listen.rpartition(":")
        host = host or "127.0.0.1"
        self.keys, self.take = webhooks.keys(secrets), take
        if not self.keys and host not in ("127.0.0.1", "localhost", "::1"):
            raise SystemExit("without a secret only this machine is listened to")
        self.idle, self.open = threading.Condition(), 0
        super().__init__((host, int(port)), Handler)

    def drain(self):
        """Before the program ends: waits a while until all that was asked is answered."""
        with self.idle:
            self.idle.wait_for(lambda: self.open == 0, timeout=5)

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # without asking the network for this machine's name
        self.server_name, self.server_port = self.server_address[:2]
