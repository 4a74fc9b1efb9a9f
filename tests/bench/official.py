"""The engine `official` beside the SDK used bare: `python -m tests.bench.official PROGRAM`.

Both ask the same simulator over loopback, each in a process of its own, in turn. What is compared:
from the process's first line to the first word (the import of the SDK and the start of the runtime
in it), a turn of a conversation that is warm, from the question to the end of the answer, and the
runtime's memory. Ours is to take at most 1.2 times as long. The median of several runs, since a
single one is noise.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from copilot_cli.simulator import Scenario, Simulator, SimulatorServer
from tests.official_process import KEY, MODEL, PAUSE, TURNS, memory

LIMIT = 1.2


async def bare(program: str, home: str, url: str, began: float) -> dict[str, Any]:
    """Return what the same conversation takes without us."""
    from copilot import CopilotClient, RuntimeConnection

    environ = {"PATH": os.environ["PATH"], "HOME": home, "COPILOT_OFFLINE": "true"}
    client = CopilotClient(
        mode="empty",
        connection=RuntimeConnection.for_stdio(path=program),
        use_logged_in_user=False,
        base_directory=home,
        working_directory=home,
        log_level="error",
        env=environ,
    )
    await client.start()
    session = await client.create_session(
        model=MODEL,
        streaming=True,
        available_tools=[],
        system_message={"mode": "replace", "content": ""},
        provider={
            "type": "openai",
            "wire_api": "completions",
            "base_url": f"{url}/byok/ollama/v1",
            "api_key": KEY,
        },
    )
    idle, first = asyncio.Event(), 0.0

    def hear(event: Any) -> None:
        nonlocal first
        if event.type.value == "assistant.message_delta":
            first = first or time.perf_counter() - began
        elif event.type.value == "session.error":
            raise SystemExit(event.data.message)
        elif event.type.value == "session.idle":
            idle.set()

    session.on(hear)
    turns = []
    for number in range(TURNS):
        await asyncio.sleep(PAUSE)
        start = time.perf_counter()
        idle.clear()
        await session.send(f"turn {number}")
        await idle.wait()
        turns.append(time.perf_counter() - start)
    assert first
    assert client._cli_process is not None
    taken = {"first": first, "turns": turns[2:], "memory": memory(client._cli_process.pid)}
    await client.force_stop()
    return taken


def run(kind: str, program: str, url: str) -> dict[str, Any]:
    """Return what one process measured."""
    with tempfile.TemporaryDirectory() as home:
        given = {"program": program, "home": f"{home}/runtime", "url": url, "do": "measure"}
        module = "tests.official_process" if kind == "ours" else "tests.bench.official"
        words = [json.dumps(given)] if kind == "ours" else [program, "--bare", url, home]
        command = [sys.executable, "-m", module, *words]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    taken: dict[str, Any] = json.loads(done.stdout)
    taken["turn"] = statistics.median(taken.pop("turns"))
    return taken


def main() -> None:
    """Measure both, and print the medians with their ratios."""
    began = time.perf_counter()
    parser = argparse.ArgumentParser()
    parser.add_argument("program", help="the runtime")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--bare", nargs=2, metavar=("URL", "HOME"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.bare:
        url, home = given.bare
        Path(home).mkdir(exist_ok=True)
        print(json.dumps(asyncio.run(bare(given.program, home, url, began))))
        return
    with SimulatorServer(Simulator(Scenario())) as server:
        taken: dict[str, list[dict[str, Any]]] = {"ours": [], "bare": []}
        for _ in range(given.times):
            for kind, runs in taken.items():
                runs.append(run(kind, given.program, server.url))
    for what, unit, scale in (("first", "ms", 1e3), ("turn", "ms", 1e3), ("memory", "MB", 1e-6)):
        ours, floor = (statistics.median(each[what] for each in taken[kind]) for kind in taken)
        ratio = f"{ours / floor:.2f}" if floor else "-"
        print(f"{what:7} {ours * scale:7.1f} {unit}  bare {floor * scale:7.1f} {unit}  x {ratio}")


if __name__ == "__main__":
    main()
