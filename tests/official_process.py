"""One process with the engine `official`, for the tests that kill it and for the benchmark.

    python -m tests.official_process '{"program": ..., "home": ..., "url": ..., "do": ...}'

It asks the simulator at `url` through the runtime `program`, and prints lines of JSON. `do`:
`wait` answers once, prints the runtime's process and waits to be killed; `leave` ends without
closing the engine; `abandon` ends in the middle of an answer; `measure` prints the seconds to the
first word and of the turns after it, and the runtime's memory in bytes.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from copilot_cli.engines.byok import ByokEngine
from copilot_cli.engines.endpoint import Endpoint
from copilot_cli.engines.http import HTTPEngine
from copilot_cli.engines.official.access import OwnEndpoint
from copilot_cli.engines.official.engine import OfficialEngine
from copilot_cli.engines.resilience import Retrying
from copilot_cli.messages import Message, Request, Text, message
from copilot_cli.network import build_client
from copilot_cli.secret import Secret

CHAT = "/chat/completions"
MODEL = "llama-sim:latest"
KEY = "sk-madeUpForTests"
TURNS = 12
PAUSE = 0.1  # seconds between two turns of a measurement: nobody types faster


def build(program: str, home: str, url: str) -> OfficialEngine:
    """Return an engine on an endpoint that needs no sign-in."""
    client = build_client({}, user_agent="tests/1")
    http = HTTPEngine(client, timeout_idle=30, monotonic=time.monotonic, now=time.time)
    endpoint = Endpoint("sim", "openai", f"{url}/byok/ollama/v1", key=Secret(KEY))
    retrying = Retrying(0, time.sleep, str)
    byok = ByokEngine(client, endpoint, http, now=time.time, retrying=retrying)
    access = OwnEndpoint("sim", CHAT, byok, byok.dry_run, lambda failure: failure)
    return OfficialEngine(
        client,
        http,
        access,
        program=lambda: Path(program),
        home=Path(home),
        environ={"PATH": os.environ["PATH"]},
        timeout_idle=30,
        monotonic=time.monotonic,
        retrying=retrying,
    )


def pid_of(engine: OfficialEngine) -> int:
    """Return the process of the runtime that is running."""
    runtime = engine._sessions._runtime
    assert runtime is not None
    process = runtime._process
    assert process is not None
    return process.pid


def memory(pid: int) -> int:
    """Return the resident memory of a process in bytes, 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def measure(engine: OfficialEngine, began: float) -> dict[str, Any]:
    """Return what a conversation of a few turns took."""
    said: list[Message] = []
    first, turns = 0.0, []
    for number in range(TURNS):
        threading.Event().wait(PAUSE)
        start = time.perf_counter()
        said.append(message("user", f"turn {number}"))
        text = ""
        for event in engine.answer(Request(MODEL, list(said))):
            if isinstance(event, Text):
                first = first or time.perf_counter() - began
                text += event.text
        said.append(message("assistant", text))
        turns.append(time.perf_counter() - start)
    return {"first": first, "turns": turns[2:], "memory": memory(pid_of(engine))}


def main() -> None:
    """Do what the argument says."""
    began = time.perf_counter()
    given = json.loads(sys.argv[1])
    engine = build(given["program"], given["home"], given["url"])
    if given["do"] == "measure":
        print(json.dumps(measure(engine, began)), flush=True)
        engine.close()
        return
    for event in engine.answer(Request(MODEL, [message("user", "hi")])):
        if isinstance(event, Text) and given["do"] == "abandon":
            break
    print(json.dumps({"runtime": pid_of(engine)}), flush=True)
    if given["do"] == "wait":
        threading.Event().wait()


if __name__ == "__main__":
    main()
