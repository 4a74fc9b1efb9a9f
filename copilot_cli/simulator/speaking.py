"""What the models say by themselves, where no answer was scripted."""

from __future__ import annotations

import json
from typing import Final

from copilot_cli.simulator.asked import Asked
from copilot_cli.simulator.instances import instance
from copilot_cli.simulator.library import Library
from copilot_cli.simulator.models import Model
from copilot_cli.simulator.scenario import Answer

_THOUGHT: Final = "The person wants to read this again. "
_CALL: Final = {"city": "Zürich", "unit": "celsius"}


def own(model: Model, asked: Asked, library: Library) -> Answer:
    """The model's own answer, within the cap and up to the first stop text."""
    if model.answers == "tool" and asked.result is None:
        return Answer(tool_calls=(("get_weather", json.dumps(_CALL, ensure_ascii=False)),))
    text = _text(model, asked, library)
    thought = _THOUGHT if asked.thinking else None
    return _bounded(Answer(text=text, reasoning=thought), asked)


def _text(model: Model, asked: Asked, library: Library) -> str:
    if asked.schema is not None:
        return json.dumps(instance(asked.schema), ensure_ascii=False)
    if asked.any_json:
        return json.dumps({"answer": asked.text}, ensure_ascii=False)
    if model.answers == "docs":
        return library.answer(asked.text)
    if model.answers == "tool":
        return f"The tool said: {asked.result}"
    if model.answers == "think":
        return f"<think>\n{_THOUGHT.strip()}\n</think>\n\n{asked.text}"
    return asked.text


def _bounded(answer: Answer, asked: Asked) -> Answer:
    text = answer.text or ""
    ends = [(text.find(stop), stop) for stop in asked.stop if stop in text]
    if ends:
        end, stop = min(ends)
        answer = answer._replace(text=text[:end], stopped=stop)
    longest = None if asked.cap is None else 4 * asked.cap  # four characters are a token
    if longest is not None and len(answer.text or "") > longest:
        return answer._replace(text=text[:longest], finish="length", stopped=None)
    return answer
