"""The way to an answer, step by step through the program's own `App`.

Rule: a step is not told whether it speaks to the service or to its stand-in, and asks only for what
both have to hold. So whoever has a subscription can check what everybody else's tests rest on.
"""

import time
from contextlib import closing
from urllib.parse import urlsplit

from copilot_cli.app import App
from copilot_cli.auth.lease_values import CopilotToken
from copilot_cli.chat import Chat
from copilot_cli.engines.models import default_model
from copilot_cli.messages import End, Started, Text
from copilot_cli.verdict import verdict

SHORT = "Reply with one word: ready"
LONG = "Write the numbers from 1 to 300, one on each line, and nothing else."


def exchange(app: App) -> CopilotToken:
    """The GitHub token is exchanged, once, for one that is good for minutes at a host."""
    token = app.access.lease.get()
    assert token.token.reveal()
    assert token.exp_local > time.time() + 120
    assert urlsplit(token.api).hostname
    assert app.access.lease.get() == token
    return token


def models(app: App) -> None:
    """The list names a model that can be used, and each model once."""
    listed = app.catalogue.models(fresh=True)
    assert default_model(listed) is not None
    ids = [model.id for model in listed]
    assert len(set(ids)) == len(ids)


def answer(app: App) -> None:
    """An answer begins, comes as text, is counted, and is whole."""
    chat, _ = app.chat(system=None, save=False)
    events = list(chat.send(SHORT))
    assert any(isinstance(event, Started) for event in events)
    assert "".join(event.text for event in events if isinstance(event, Text)).strip()
    end = events[-1]
    assert isinstance(end, End)
    assert (end.reason, end.complete, verdict(end)) == ("stop", True, None)
    assert chat.last is not None
    assert chat.last.state == "complete"
    assert chat.last.request_id
    assert chat.last.usage.input_tokens
    assert chat.last.usage.output_tokens


def cancel(app: App) -> Chat:
    """An answer that is stopped after its first words is kept as far as it came.

    The chat is returned so that it is closing which ends the answer, and not the collector.
    """
    chat, _ = app.chat(system=None, save=False)
    with closing(chat.send(LONG)) as events:
        came = next(event.text for event in events if isinstance(event, Text))
    assert chat.last is not None
    assert chat.last.state == "interrupted"
    assert chat.history[-1].text == came
    return chat
