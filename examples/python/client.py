"""Asks the actors of a conclib system, in JSON, with the standard library alone.

    python3 client.py unix:///run/app/app.sock greeter Greet '{"name": "Ada"}'

The key of a system that is served over TCP is in CONCLIB_AUTHKEY, in hex. docs/wire.md describes the bytes.
"""

import hashlib, hmac, ipaddress, json, os, socket, struct, sys, uuid

VERSION, JSON, MAX_FRAME = 5, 2, 8 * 1024 * 1024 + 4096 + 1024
REFUSALS = "version codec key-needed key-unexpected wrong-key user full leaving".split()


class Refused(Exception):
    """The server does not let this client in."""


class HandlerError(Exception):
    """The handler answered with an error of its own; args[0] is its JSON."""


class Failure(Exception):
    """There is no answer of the handler; args[0] says why: {"name": "no_such_actor", "delivery": …, "text": …, "fields": …}.

    "Stream" stands for an answer that is a stream.
    """


class Records:
    """The bytes of a connection to another machine, in signed records."""

    def __init__(self, outgoing, incoming):
        self.keys, self.numbers = (outgoing, incoming), [0, 0]

    def seal(self, data):
        parts = (data[start : start + 65535] for start in range(0, len(data), 65535))
        return b"".join(struct.pack(">H", len(part)) + part + self._tag(0, part) for part in parts)

    def open(self, payload, tag):
        if not payload or not hmac.compare_digest(tag, self._tag(1, payload)):
            raise ConnectionError("the bytes were changed on the way")
        return payload

    def _tag(self, way, payload):
        number = struct.pack(">Q", self.numbers[way])
        self.numbers[way] += 1
        return hmac.new(self.keys[way], number + payload, hashlib.sha256).digest()[:16]


class Client:
    def __init__(self, url, key=None):
        self.records, self.arrived, far = None, b"", False
        road, _, place = url.partition("://")
        if road == "unix":
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(place)
        else:
            host, _, port = place.partition("?")[0].rpartition(":")
            self.socket = socket.create_connection((host.strip("[]"), int(port)))
            far = not ipaddress.ip_address(self.socket.getpeername()[0]).is_loopback
        flags = (1 | 2 * far) if key is not None else 0
        ours = b"\x01conclib" + struct.pack(">HB", VERSION, flags) + os.urandom(32) + bytes([JSON])
        self._write(">H", ours)
        theirs = self._heard(2)
        if flags & ~theirs[10]:
            raise Refused("the server has no key, or does not sign")
        proof = lambda label: hmac.new(
            key, label + b"".join(struct.pack(">Q", len(h)) + h for h in (ours, theirs)), hashlib.sha256
        ).digest()
        if key is not None:
            self._write(">H", b"\x03" + proof(b"conclib/1 client"))
        welcome = self._heard(4)
        if key is not None and not hmac.compare_digest(welcome[1:], proof(b"conclib/1 server")):
            raise Refused("the server does not have the key")
        if key is not None and theirs[10] & 2:
            self.records = Records(proof(b"conclib/1 c-to-s"), proof(b"conclib/1 s-to-c"))

    def ask(self, to, message, body=None, timeout=30.0):
        """The reply of the actor `to`. One that is a stream is not read here."""
        return self._request(to, message, body, timeout, asked=True)

    def tell(self, to, message, body=None, timeout=30.0):
        """Returns when the message is queued."""
        self._request(to, message, body, timeout, asked=False)

    def _request(self, to, message, body, timeout, asked):
        names = b"".join(bytes([len(n)]) + n for n in (to.encode(), message.encode(), b""))
        head = struct.pack(">16sBBIQ", uuid.uuid4().bytes, asked, JSON, int(timeout * 1000), 0)
        self.socket.settimeout(timeout + 1)
        self._write(">I", b"\x01" + head + names + json.dumps({} if body is None else body).encode())
        while True:
            frame = self._read(">I", MAX_FRAME)
            if frame[0] == 10:  # References in the next frame, which this client does not keep.
                for key in range(17, len(frame), 8):
                    self._write(">I", b"\x0b" + frame[key : key + 8])
            if frame[0] == 2 and frame[1:17] == head[:16]:
                break
        kind, answer = frame[17], json.loads(frame[19:] or b"null")
        if kind == 4:
            self._write(">I", b"\x03" + head[:16])
            raise Failure("Stream")
        if kind in (1, 2):
            raise (HandlerError if kind == 1 else Failure)(answer)
        return answer

    def _heard(self, kind):
        said = self._read(">H", 512)
        if said[0] == 5:
            raise Refused(REFUSALS[said[1] - 1])
        if said[0] != kind or (kind == 2 and said[1:10] != b"conclib" + struct.pack(">H", VERSION)):
            raise Refused("no server of this version")
        return said

    def _write(self, length, said):
        said = struct.pack(length, len(said)) + said
        self.socket.sendall(self.records.seal(said) if self.records else said)

    def _read(self, length, most):
        (left,) = struct.unpack(length, self._exactly(struct.calcsize(length)))
        if not 0 < left <= most:
            raise ConnectionError(f"{left} bytes are no message")
        return self._exactly(left)

    def _exactly(self, count):
        if not self.records:
            return self._received(count)
        while len(self.arrived) < count:
            (size,) = struct.unpack(">H", self._received(2))
            self.arrived += self.records.open(self._received(size), self._received(16))
        read, self.arrived = self.arrived[:count], self.arrived[count:]
        return read

    def _received(self, count):
        read = bytearray()
        while len(read) < count:
            part = self.socket.recv(count - len(read))
            if not part:
                raise ConnectionError("the server has closed the connection")
            read += part
        return bytes(read)


if __name__ == "__main__":
    url, to, message, body = sys.argv[1:]
    key = os.environ.get("CONCLIB_AUTHKEY")
    client = Client(url, bytes.fromhex(key) if key else None)
    print(json.dumps(client.ask(to, message, json.loads(body))))
