"""Stand-ins for the official runtime: small programs that answer its first call, or do not."""

import json
import sys
from pathlib import Path

_SERVER = """#!{python} -I
import json, sys, time
said = {said!r}
while True:
    length = 0
    while (line := sys.stdin.buffer.readline().strip()):
        length = int(line.split(b":")[1])
    if not length:
        break
    call = json.loads(sys.stdin.buffer.read(length))
    body = json.dumps({{"jsonrpc": "2.0", "id": call["id"], "result": said}}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\\r\\n\\r\\n%b" % (len(body), body))
    sys.stdout.buffer.flush()
"""


def runtime_source(version: str = "1.0.102", protocol: object = 3) -> bytes:
    """Return a program that shakes hands as the runtime does."""
    said = {"ok": True, "protocolVersion": protocol, "version": version}
    return _SERVER.format(python=sys.executable, said=json.loads(json.dumps(said))).encode()


def runtime_program(folder: Path, version: str = "1.0.102", protocol: object = 3) -> Path:
    """Write such a program into `folder`, and return it."""
    return program(folder, runtime_source(version, protocol))


def program(folder: Path, source: bytes, name: str = "program") -> Path:
    """Write an executable file into `folder`, and return it."""
    path = folder / name
    path.write_bytes(source)
    path.chmod(0o700)
    return path


def script(folder: Path, body: str, name: str = "program") -> Path:
    """Write a Python program into `folder`, and return it."""
    return program(folder, f"#!{sys.executable} -I\n{body}\n".encode(), name)
