"""What the flags of `onboard` answered already."""

from pathlib import Path
from typing import NamedTuple

SAMPLE = "In one short sentence: what can you help me with here?"
METHODS = ("device", "token", "env", "gh", "ide", "byok")


class Answers(NamedTuple):
    """What the flags answered already; None means that the wizard asks, or takes the default."""

    method: str | None = None
    token_stdin: bool = False
    client_id: str | None = None
    scope: str = "read:user"
    model: str | None = None
    store: str | None = None
    key_file: Path | None = None
    passphrase_fd: int | None = None
    browser: bool = True
    verify: bool = True
    yes: bool = False
    force: bool = False
    endpoint: str | None = None
    name: str | None = None
    type: str | None = None
    key_stdin: bool = False
    default: bool | None = None
    """Whether the endpoint is to answer from now on where no model is named."""
    sample: str = SAMPLE
    then_chat: bool = False
    """Whether the chat opens next, so that nobody has to be told to open it."""

    @property
    def about_endpoint(self) -> list[str]:
        """The flags given that only an endpoint of one's own has."""
        given = {
            "--endpoint": self.endpoint is not None,
            "--name": self.name is not None,
            "--type": self.type is not None,
            "--key-stdin": self.key_stdin,
            "--default": self.default is not None,
        }
        return [flag for flag, there in given.items() if there]
