"""A world with files to send along, and a web of pages beside the simulator."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from copilot_cli.app import App
from tests.wizard_world import Person, World

PUBLIC = "93.184.216.34"


class WebWorld(World):
    """`pages` are what the web has, by their address; every name in it is public."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.environ["COPILOT_CHAT_TOKEN"] = self.sim.sign_in()
        self.environ["COPILOT_CHAT_MODEL"] = "sim-echo"
        self.pages: dict[str, httpx.Response] = {}
        self.fetched: list[str] = []

    def build(
        self,
        person: Person | None,
        options: Mapping[str, str | None] | None = None,
        stdin: str = "",
    ) -> App:
        app = super().build(person, options, stdin)
        app.effects.resolve = self._resolve
        return app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != PUBLIC:
            return super().handle_request(request)
        address = f"{request.url.scheme}://{request.headers['host']}{request.url.raw_path.decode()}"
        self.fetched.append(address)
        return self.pages.get(address) or httpx.Response(404, stream=httpx.ByteStream(b""))

    def page(self, address: str, body: bytes, content_type: str) -> None:
        self.pages[address] = httpx.Response(
            200, headers={"content-type": content_type}, stream=httpx.ByteStream(body)
        )

    def asked(self) -> list[dict[str, Any]]:
        """The bodies of the questions that were sent, on whatever wire."""
        wires = {"chat", "responses", "messages"}
        return [entry.json() for entry in self.sim.log if entry.endpoint in wires]

    @staticmethod
    def _resolve(host: str, port: int) -> Sequence[str]:
        return ("10.0.0.1",) if host.startswith("inside") else (PUBLIC,)


def placed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[WebWorld, Path]:
    """Return a world whose program is started in an empty folder, and that folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return WebWorld(tmp_path / "home"), folder


def write(folder: Path, files: Mapping[str, bytes | str]) -> None:
    """Write files below `folder`."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
