"""The simulator for programs of GitHub's, which are led to it by addresses and not by a proxy."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from copilot_cli.simulator import Scenario, Simulator, SimulatorServer


@contextmanager
def plain_server() -> Iterator[SimulatorServer]:
    """A server that calls itself, and no host of Copilot's, the API of its accounts."""
    with SimulatorServer(Simulator(Scenario())) as running:
        scenario = {"endpoints_api": running.url}
        httpx.post(f"{running.url}/_simulator/scenario", json=scenario).raise_for_status()
        yield running
