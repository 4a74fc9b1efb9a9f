"""What a person may call a model, and which is meant."""

import pytest

from copilot_cli.engines.models import parse_models
from copilot_cli.messages import ModelInfo
from copilot_cli.model_names import Found, Several, match, near


def _item(model_id: str, name: str = "", family: str = "", **more: object) -> dict[str, object]:
    return {"id": model_id, "name": name, "capabilities": {"family": family}, **more}


OFF = {"policy": {"state": "disabled"}}
MODELS = parse_models(
    {
        "data": [
            _item("gpt-5", "GPT-5", "gpt-5"),
            _item("gpt-5-mini", "GPT-5 mini", "gpt-5-mini"),
            _item("gpt-4o", "GPT-4o", "gpt-4o"),
            _item("gpt-4o-2024-11-20", "GPT-4o", "gpt-4o"),
            _item("claude-sonnet-4.5", "Claude Sonnet 4.5", "claude"),
            _item("claude-opus-4", "Claude Opus 4", "claude"),
            _item("o3", "Thinker", "o-series"),
            _item("grok-code", "Same", "grok"),
            _item("grok-fast", "Same", "grok-f", **OFF),
            _item("gemini-pro", "Gemini P", "gemini", **OFF),
            _item("gemini-flash", "Gemini F", "gemini", **OFF),
            _item("llama3:latest", "llama3", "llama"),
            _item("llama3.1:8b", "llama3.1", "llama"),
        ]
    }
)


def said(found: Found | Several | None) -> object:
    """What was found, so that a table can hold it."""
    if isinstance(found, Found):
        return found.model.id
    return found and (found.by, [model.id for model in found.models])


MEANT = {
    "the whole id": ("gpt-5", "gpt-5"),
    "the whole id, though others begin so": ("gpt-4o", "gpt-4o"),
    "another case": ("GPT-5", "gpt-5"),
    "space around it": (" gpt-5 ", "gpt-5"),
    "a beginning": ("claude-s", "claude-sonnet-4.5"),
    "a beginning in another case": ("CLAUDE-O", "claude-opus-4"),
    "several beginnings": (
        "gpt-4",
        ("beginning", ["gpt-4o", "gpt-4o-2024-11-20"]),
    ),
    "a display name": ("thinker", "o3"),
    "a display name that begins another": ("Claude Sonnet 4.5", "claude-sonnet-4.5"),
    "a family": ("claude", ("family", ["claude-sonnet-4.5", "claude-opus-4"])),
    "a family of one": ("o-series", "o3"),
    "one of two that can be used": ("grok", "grok-code"),
    "a shared name of which one can be used": ("same", "grok-code"),
    "one that cannot be used": ("gemini-p", "gemini-pro"),
    "a family that cannot be used": ("gemini", ("family", ["gemini-pro", "gemini-flash"])),
    "a tag that is left out": ("llama3", "llama3:latest"),
    "no letters": ("", None),
    "blanks": ("  ", None),
    "nothing like it": ("mistral", None),
    "the middle of an id": ("sonnet", None),
}


@pytest.mark.parametrize(("name", "meant"), MEANT.values(), ids=MEANT)
def test_a_name_means(name: str, meant: object) -> None:
    """The id, its beginning where it is one's only, a display name, a family."""
    assert said(match(name, MODELS)) == meant


def test_a_whole_id_wins_over_another_case_of_it() -> None:
    """Ids are the service's to choose."""
    models = parse_models({"data": [{"id": "A"}, {"id": "a"}]})
    assert [said(match(name, models)) for name in ("a", "A")] == ["a", "A"]


@pytest.mark.parametrize(
    ("name", "first"),
    [("gpt5", "gpt-5"), ("claud-sonet-4.5", "claude-sonnet-4.5"), ("GPT-4-o", "gpt-4o")],
)
def test_near_names(name: str, first: str) -> None:
    """The likeliest comes first, three at most."""
    found = near(name, MODELS)
    assert found[0] == first
    assert len(found) <= 3


def test_near_names_are_of_models_that_can_be_used() -> None:
    """Another is better than none."""
    assert near("grok-fode", MODELS) == ["grok-code"]
    assert near("gemini-prof", MODELS) == ["gemini-pro", "gemini-flash"]
    assert near("zzzz", MODELS) == []


def test_a_model_without_family_or_vendor_can_be_named() -> None:
    """Everything but the id may be missing."""
    models: list[ModelInfo] = parse_models({"data": [{"id": "bare"}]})
    assert said(match("ba", models)) == "bare"
