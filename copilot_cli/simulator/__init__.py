"""A stand-in for GitHub and Copilot: one state machine with two fronts, for tests and for `demo`.

It imports nothing of the rest of the project, so that the two cannot share a mistake.
"""

from copilot_cli.simulator.crossings import Crossing
from copilot_cli.simulator.router import Simulator
from copilot_cli.simulator.scenario import Scenario, Seen
from copilot_cli.simulator.server import SimulatorServer

__all__ = ["Crossing", "Scenario", "Seen", "Simulator", "SimulatorServer"]
