"""The floor of a long piped answer: httpx, httpx-sse, `json.loads` and `os.write` in a loop.

argv: the URL, the bearer.
"""

import json
import os
import sys

import httpx
from httpx_sse import connect_sse

url, bearer = sys.argv[1:]
headers = {
    "Authorization": f"Bearer {bearer}",
    "Editor-Version": "vscode/1.99.3",
    "Copilot-Integration-Id": "vscode-chat",
}
body = {"model": "sim-echo", "messages": [{"role": "user", "content": "hello"}], "stream": True}
client = httpx.Client(trust_env=False, timeout=60)
with connect_sse(client, "POST", f"{url}/chat/completions", json=body, headers=headers) as source:
    for event in source.iter_sse():
        if event.data == "[DONE]":
            break
        for choice in json.loads(event.data)["choices"]:
            content = choice["delta"].get("content")
            if content:
                os.write(1, content.encode())
