"""Handshake with a conclib system, and the signed records in which bytes travel to another machine."""

import hashlib, hmac, ipaddress, os, socket, struct

VERSION, JSON = 5, 2
REFUSALS = "version codec key-needed key-unexpected wrong-key user full leaving".split()


class Refused(Exception):
    """The server does not let this client in, or is not the one that it should be."""


def connect(url, key):
    """Connects to the system at a URL. The key is None for one without."""
    scheme, _, place = url.partition("://")
    host, _, port = place.partition("?")[0].rpartition(":")
    if scheme == "unix":
        plain = socket.socket(socket.AF_UNIX)
        plain.connect(place)
    else:
        plain = socket.create_connection((host.strip("[]"), int(port)))
    signs = scheme != "unix" and not ipaddress.ip_address(plain.getpeername()[0]).is_loopback
    connection = Connection(plain)
    flags = (1 | 2 * signs) if key is not None else 0
    ours = b"\x01conclib" + struct.pack(">HB", VERSION, flags) + os.urandom(32) + bytes([JSON])
    connection.sendall(struct.pack(">H", len(ours)) + ours)
    theirs = _hear(connection, 2)
    if flags & ~theirs[10]:
        raise Refused("the server has no key, or does not sign")

    def proof(label):
        hellos = b"".join(struct.pack(">Q", len(hello)) + hello for hello in (ours, theirs))
        return hmac.digest(key, b"conclib/1 " + label + hellos, hashlib.sha256)

    if key is None:
        _hear(connection, 4)
        return connection
    connection.sendall(struct.pack(">H", 33) + b"\x03" + proof(b"client"))
    if not hmac.compare_digest(_hear(connection, 4)[1:], proof(b"server")):
        raise Refused("the server does not have the key")
    return Signed(plain, proof(b"c-to-s"), proof(b"s-to-c")) if theirs[10] & 2 else connection


def _hear(connection, kind):
    said = connection.message(">H", 512)
    if said[0] == 5:
        raise Refused(REFUSALS[said[1] - 1])
    if said[0] != kind or (kind == 2 and said[1:10] != b"conclib" + struct.pack(">H", VERSION)):
        raise Refused("no server of this version")
    return said


class Connection:
    """A connection whose bytes are not signed."""

    def __init__(self, plain):
        self.settimeout, self.sendall, self.receive = plain.settimeout, plain.sendall, plain.recv

    def message(self, length, most):
        """Reads a message behind its length."""
        (left,) = struct.unpack(length, self.read(struct.calcsize(length)))
        if not 0 < left <= most:
            raise ConnectionError(f"{left} bytes are no message")
        return self.read(left)

    def read(self, count):
        read = bytearray()
        while len(read) < count:
            part = self.receive(count - len(read))
            if not part:
                raise ConnectionError("the server has closed the connection")
            read += part
        return bytes(read)


class Signed(Connection):
    """A connection whose bytes are signed when they leave, and checked when they come."""

    def __init__(self, plain, outgoing, incoming):
        super().__init__(plain)
        self.plain, self.keys, self.numbers, self.ahead = Connection(plain), (outgoing, incoming), [0, 0], b""
        self.sendall, self.receive = self._seal, self._open

    def _seal(self, data):
        for start in range(0, len(data), 65535):
            part = data[start : start + 65535]
            self.plain.sendall(struct.pack(">H", len(part)) + part + self._tag(0, part))

    def _open(self, count):
        if not self.ahead:
            record = self.plain.message(">H", 65535)
            if not hmac.compare_digest(self.plain.read(16), self._tag(1, record)):
                raise ConnectionError("the bytes were changed on the way")
            self.ahead = record
        part, self.ahead = self.ahead[:count], self.ahead[count:]
        return part

    def _tag(self, direction, record):
        number = struct.pack(">Q", self.numbers[direction])
        self.numbers[direction] += 1
        return hmac.digest(self.keys[direction], number + record, hashlib.sha256)[:16]
