"""What the tests of `keys` share: made-up secrets, and a passphrase out of a descriptor."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from copilot_cli.store.sealed import EntryName
from tests.wizard_world import World

FIRST, SECOND = "made up for these tests", "another made up passphrase"
OCTOCAT = EntryName("github", "github.com", "octocat")
MINE = EntryName("byok", "localhost", "mine")
KEY = {"key": "sk-madeUpForTests000000000000"}


@contextmanager
def passed(text: str) -> Iterator[str]:
    """A file descriptor that the text comes from."""
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    try:
        yield str(reader)
    finally:
        os.close(reader)


def signed_in(home: Path) -> World:
    """A sign-in and an endpoint's key, sealed with a key file."""
    world = World(home)
    world.onboard(method="device", store="keyfile", verify=False)
    world.build(None).vault.store.put(MINE, KEY)
    return world


def names(world: World) -> list[EntryName]:
    """What is stored, without the keys of earlier conversations."""
    return [name for name in world.build(None).vault.store.names() if name.kind != "history"]
