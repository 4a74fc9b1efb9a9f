"""The floor of a warm piped `ask`: the same libraries and the same request, and nothing else.

It imports what any such program needs (typer, httpx, AESGCM), opens one sealed record, and prints
one streamed answer. argv: the URL, the CA file, the bearer.
"""

import json
import os
import ssl
import sys

import httpx
import typer
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

app = typer.Typer(add_completion=False)


@app.command()
def ask(url: str, ca: str, bearer: str, prompt: str) -> None:
    """Print one answer."""
    key, nonce = bytes(32), bytes(12)
    AESGCM(key).decrypt(nonce, AESGCM(key).encrypt(nonce, b"a record", b""), b"")
    client = httpx.Client(verify=ssl.create_default_context(cafile=ca), trust_env=False)
    body = {"model": "sim-echo", "messages": [{"role": "user", "content": prompt}], "stream": True}
    headers = {
        "Authorization": f"Bearer {bearer}",
        "Editor-Version": "vscode/1.99.3",
        "Copilot-Integration-Id": "vscode-chat",
    }
    with client.stream("POST", f"{url}/chat/completions", json=body, headers=headers) as response:
        for line in response.iter_lines():
            if line.startswith("data: {"):
                for choice in json.loads(line[6:])["choices"]:
                    os.write(1, (choice["delta"].get("content") or "").encode())


if __name__ == "__main__":
    app(sys.argv[1:])
