"""What one answer is to be like: the options of `ask`, read from the person's words."""

from math import isfinite
from typing import TYPE_CHECKING

from copilot_cli.errors import UsageError
from copilot_cli.values import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Generator

    from copilot_cli.app import App
    from copilot_cli.chat import Chat, Content
    from copilot_cli.messages import Event
    from copilot_cli.structured import Form


class Wanted(NamedTuple):
    """What this one answer is to be like, in the person's words."""

    temperature: float | None
    max_output: int | None
    stop: list[str] | None
    schema: str | None
    coded: bool

    def read(self) -> "Options":
        """Return what the words mean. Raises `UsageError`."""
        if self.schema is not None and self.coded:
            raise UsageError("--schema and --code are two forms of one answer", hint="choose one")
        if self.temperature is not None and not isfinite(self.temperature):
            raise UsageError("--temperature: it is no number", hint="give one from 0 to 2")
        return Options(self.temperature, self.max_output, _texts(self.stop), _form(self.schema))


class Options(NamedTuple):
    """What this one answer is to be like."""

    temperature: float | None
    max_output: int | None
    stop: tuple[str, ...]
    form: "Form | None"

    def want(self, application: "App", chat: "Chat", endpoint: str | None) -> None:
        """Have `chat` ask for it; `endpoint` answers, None for Copilot."""
        if self.temperature is not None:
            chat.temperature = self.temperature
        chat.max_output, chat.stop = self.max_output, self.stop
        if self.form is not None:
            self.form.want(chat, application.catalogue.look_up(chat.model, endpoint))

    def answers(self, chat: "Chat", content: "Content") -> "Generator[Event]":
        """Return the events of the answer."""
        return chat.send(content) if self.form is None else self.form.answers(chat, content)


def _texts(stop: list[str] | None) -> tuple[str, ...]:
    if stop and not all(stop):
        raise UsageError("--stop is empty", hint="give the text before which the answer ends")
    return tuple(stop or ())


def _form(schema: str | None) -> "Form | None":
    if schema is None:
        return None
    from copilot_cli.structured import Form

    return Form.read(schema)
