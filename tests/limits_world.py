"""What the tests of limits stand on: a person who is signed in, a clock that moves with waits."""

from pathlib import Path

from tests.wizard_world import World


def signed_in(home: Path) -> World:
    """Return a world in which somebody is signed in, and a model is named."""
    made = World(home)
    made.environ["COPILOT_CHAT_TOKEN"] = made.sim.sign_in()
    made.environ["COPILOT_CHAT_MODEL"] = "sim-echo"
    return made


def asked(world: World, endpoint: str = "chat") -> int:
    """Return how many requests `endpoint` got."""
    return sum(entry.endpoint == endpoint for entry in world.sim.log)


def configure(world: World, text: str) -> None:
    """Write the settings file."""
    world.home.mkdir(mode=0o700, exist_ok=True)
    (world.home / "config.toml").write_text(text, encoding="utf-8")


class Waits:
    """The seconds that were slept; `stop_at` is the wait in which the person presses Ctrl-C."""

    def __init__(self, world: World, *, stop_at: int | None = None) -> None:
        self.seconds: list[float] = []
        self._world = world
        self._stop_at = stop_at
        world.__dict__["sleep"] = self._sleep

    def _sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)
        if len(self.seconds) == self._stop_at:
            raise KeyboardInterrupt
        self._world.time += seconds
