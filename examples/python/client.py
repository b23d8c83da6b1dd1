"""Asks the actors of a conclib system, in JSON, with the standard library alone: docs/wire.md describes the bytes.

    python3 client.py unix:///run/app/app.sock greeter Greet '{"name": "Ada"}'

The key of a system that is served over TCP is in CONCLIB_AUTHKEY, in hex.
"""

import json, os, struct, sys, uuid

from handshake import JSON, connect

MAX_FRAME = 8 * 1024 * 1024 + 4096 + 1024


class HandlerError(Exception):
    """The handler answered with an error of its own; args[0] is its JSON."""


class Failure(Exception):
    """There is no answer of the handler: args[0] says why, in JSON, or is "Stream" for an answer that is a stream."""


class Client:
    def __init__(self, url, key=None):
        self.connection = connect(url, key)

    def ask(self, to, message, body=None, timeout=30.0):
        """Returns the reply of the actor `to`."""
        return self._request(1, to, message, body, timeout)

    def tell(self, to, message, body=None, timeout=30.0):
        """Returns when the message is queued."""
        self._request(0, to, message, body, timeout)

    def _request(self, wants, to, message, body, timeout):
        head = struct.pack(">16sBBIQ", uuid.uuid4().bytes, wants, JSON, int(timeout * 1000), 0)
        names = b"".join(bytes([len(name)]) + name for name in (to.encode(), message.encode(), b""))
        self.connection.settimeout(timeout + 1)
        self._write(b"\x01" + head + names + json.dumps({} if body is None else body).encode())
        while (frame := self.connection.message(">I", MAX_FRAME))[0] != 2 or frame[1:17] != head[:16]:
            for key in range(17, len(frame) if frame[0] == 10 else 0, 8):
                self._write(b"\x0b" + frame[key : key + 8])  # Gives a reference to an actor back.
        if frame[17] == 4:
            self._write(b"\x03" + head[:16])
            raise Failure("Stream")
        answer = json.loads(frame[19:] or b"null")
        if frame[17] in (1, 2):
            raise (HandlerError if frame[17] == 1 else Failure)(answer)
        return answer

    def _write(self, frame):
        self.connection.sendall(struct.pack(">I", len(frame)) + frame)


if __name__ == "__main__":
    url, to, message, body = sys.argv[1:]
    key = bytes.fromhex(os.environ.get("CONCLIB_AUTHKEY", "")) or None
    print(json.dumps(Client(url, key).ask(to, message, json.loads(body))))
