"""Measures the program against floors that run at the same time: `python -m tests.bench.run`.

CPU is user plus system of the child process, the least of several runs, program and floor in turn,
so that a busy machine disturbs both alike. Every line is a ratio beside the ratio it should keep.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from copilot_cli.simulator import Scenario, Simulator, SimulatorServer

HERE = Path(__file__).parent
PROGRAM = [sys.executable, "-m", "copilot_cli"]
Row = tuple[str, float, float]


def cpu(words: Sequence[str], environ: dict[str, str]) -> float:
    """Return the CPU seconds of one child process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        words, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def ratio(ours: Callable[[], float], floor: Callable[[], float], times: int) -> float:
    """Return the least of ours over the least of the floor, measured in turn."""
    pairs = [(ours(), floor()) for _ in range(times)]
    return min(pair[0] for pair in pairs) / min(pair[1] for pair in pairs)


class Bench:
    """A signed-in home, a simulator, and the rows measured so far."""

    def __init__(self, home: Path, times: int) -> None:
        self.home = home
        self.times = times
        self.rows: list[Row] = []
        self.simulator = Simulator(scenario=Scenario(auto_approve="at_once"))

    def environ(self, server: SimulatorServer) -> dict[str, str]:
        """Return the environment in which the program finds its home and the simulator."""
        names = ("PATH", "HOME", "LANG", "SYSTEMROOT")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        ours = {"COPILOT_CHAT_HOME": str(self.home), "COPILOT_CHAT_NO_KEYRING": "1"}
        return {**kept, **server.env, **ours, "PYTHONPATH": str(HERE.parent.parent)}

    def sign_in(self, environ: dict[str, str]) -> None:
        """Sign in, and fetch the Copilot token once, so that what follows is warm."""
        words = ["onboard", "--method", "device", "--store", "keyfile", "--no-verify"]
        subprocess.run([*PROGRAM, *words], env=environ, capture_output=True, check=True)
        subprocess.run(
            [*PROGRAM, "ask", "-m", "sim-echo", "hello"],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )

    def bearer(self) -> str:
        """Return the Copilot token that is cached, as the service knows it."""
        tokens = [s for s in self.simulator.secrets() if s.startswith("tid=")]
        return tokens[-1]

    def start_up(self, environ: dict[str, str]) -> None:
        """Measure what it costs to start."""
        typer = [sys.executable, "-c", "import typer"]
        floor = partial(cpu, typer, environ)
        for name, words, bound in (
            ("--version / import typer", ["--version"], 1.3),
            ("ask --help / import typer", ["ask", "--help"], 2.2),
        ):
            ours = partial(cpu, [*PROGRAM, *words], environ)
            measured = ratio(ours, floor, self.times)
            self.rows.append((name, measured, bound))

    def warm_ask(self, environ: dict[str, str], server: SimulatorServer) -> None:
        """Measure a short answer over TLS."""
        floor_words = [
            sys.executable,
            str(HERE / "floor_ask.py"),
            server.url,
            server.ca,
            self.bearer(),
            "hello",
        ]
        ours = [*PROGRAM, "ask", "-m", "sim-echo", "hello"]
        measured = ratio(lambda: cpu(ours, environ), lambda: cpu(floor_words, environ), self.times)
        self.rows.append(("warm piped ask / floor", measured, 1.25))

    def long_answer(self, environ: dict[str, str], server: SimulatorServer) -> None:
        """Measure 2 MB in deltas of 20 characters, and the memory it takes."""
        deltas = ["twenty characters..."] * 100_000
        floor_words = [sys.executable, str(HERE / "floor_stream.py"), server.url, self.bearer()]
        ours = [*PROGRAM, "ask", "-m", "sim-echo", "hello"]

        def timed(words: Sequence[str]) -> float:
            self.simulator.answer(deltas=deltas, batch=50)
            return cpu(words, environ)

        times = max(2, self.times // 3)
        measured = ratio(lambda: timed(ours), lambda: timed(floor_words), times)
        self.rows.append(("2 MB piped / floor", measured, 1.5))
        self.simulator.answer(deltas=deltas, batch=50)
        self.rows.append(("2 MB piped, peak MB", peak_megabytes(ours, environ), 60))

    def cold_start(self, environ: dict[str, str]) -> None:
        """Count the exchanges of twenty cold processes."""
        for file in (self.home / "cache").glob("token-*"):
            file.unlink()
        seen = len(self.simulator.log)
        ours = [*PROGRAM, "ask", "-m", "sim-echo", "hello"]
        children = [
            subprocess.Popen(ours, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            for _ in range(20)
        ]
        assert all(child.wait() == 0 for child in children)
        asked = [entry.endpoint for entry in self.simulator.log[seen:]]
        self.rows.append(("20 cold processes, exchanges", asked.count("exchange"), 1))


def peak_megabytes(words: Sequence[str], environ: dict[str, str]) -> float:
    """Return the most memory one child had, in MB."""
    code = (
        "import resource, subprocess, sys; "
        "subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024
    return int(done.stdout) / scale


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=9, help="runs of each command")
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "home", times)
        with SimulatorServer(bench.simulator, tls=True) as secure:
            environ = bench.environ(secure)
            bench.start_up(environ)
            bench.sign_in(environ)
            bench.warm_ask(environ, secure)
            bench.cold_start(environ)
        with SimulatorServer(bench.simulator) as plain:
            environ = bench.environ(plain)
            bench.sign_in(environ)
            bench.long_answer(environ, plain)
    print(f"{'measured':34} {'is':>8} {'at most':>8}")
    for name, measured, bound in bench.rows:
        mark = "" if measured <= bound else "  <-- over"
        print(f"{name:34} {measured:8.2f} {bound:8.2f}{mark}")


if __name__ == "__main__":
    main()
