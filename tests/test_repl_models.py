"""`/model`: the list to choose from, consent, and other engines that the talk is carried to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.endpoint_world import LOCAL, write
from tests.repl_world import chatting_world, models_asked, run, said, sent
from tests.wizard_world import DEFAULT, Person, World

LLAMA = f'[endpoints.ollama]\nurl = "{LOCAL}"\nmodel = "llama-sim:latest"\n'
TERMS = "Enable access to **Disabled Echo** by policy."


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = chatting_world(tmp_path / "home")
    yield made
    if made.app is not None:
        made.app.close()


def hosts(world: World) -> list[str]:
    """Where each question went."""
    return [entry.host for entry in world.sim.log if entry.path.endswith("/chat/completions")]


def test_a_person_chooses_from_the_list(world: World) -> None:
    """With what each can and costs; what cannot be used is grey and says why."""
    person = Person(("Which model?", "sim-small"))
    run(world, "/model", "hello", person=person)
    options = person.asked[0].options
    assert person.asked[0].default == "sim-echo"
    assert options["sim-echo"].detail == "128k context · 1x · tools vision"
    assert options["sim-plus"].disabled_reason == (
        "not in your plan (pro): only in pro_plus, enterprise"
    )
    assert options["sim-new"].disabled_reason is None
    assert options["sim-new"].detail.endswith("wants your consent")
    assert "text-embedding-3-small" not in options
    assert models_asked(world) == ["sim-small"]


def test_the_service_s_own_choice_is_among_the_choices(world: World) -> None:
    """It is no model of the list, and is asked for by its name; the next time it is the default."""
    person = Person(("Which model?", "auto"), ("Which model?", "sim-small"))
    run(world, "/model", "hello", "/model", "hello", person=person)
    assert person.asked[0].options["auto"].detail == "the service chooses, where it offers that"
    assert person.asked[1].default == "auto"
    assert models_asked(world) == ["sim-auto", "sim-small"]


def test_an_endpoint_does_not_choose(world: World) -> None:
    """Where nobody is signed in there is no service that could."""
    write(world, LLAMA)
    del world.environ["COPILOT_CHAT_TOKEN"]
    world.environ["COPILOT_CHAT_MODEL"] = "ollama/llama-sim:latest"
    person = Person(("Which model?", "ollama/llama-sim:latest"))
    run(world, "/model", person=person)
    assert "auto" not in person.asked[0].options


@pytest.mark.parametrize("lines", [["/model"], ["/model sim-disabled"], ["/retry sim-disabled"]])
def test_consent_is_asked_for_where_the_model_is_taken(world: World, lines: list[str]) -> None:
    """Its terms are shown; then it answers."""
    answers = [("Accept the terms and enable sim-disabled?", True)]
    if lines == ["/model"]:
        answers.insert(0, ("Which model?", "sim-disabled"))  # type: ignore[arg-type]
    person = Person(*answers)
    run(world, "first", *lines, "second", person=person)
    assert TERMS in person.said
    assert models_asked(world)[-1] == "sim-disabled"


def test_without_consent_the_old_one_goes_on(world: World) -> None:
    """And that is said."""
    person = Person(("Accept the terms", DEFAULT))
    run(world, "/model sim-disabled", "hello", person=person)
    assert "sim-disabled is not enabled; sim-echo goes on" in said(world)
    assert models_asked(world) == ["sim-echo"]


def test_nobody_is_asked_for_consent_in_a_pipe(world: World) -> None:
    """The reason is told, with the command that asks."""
    run(world, "/model sim-disabled")
    assert "copilot-chat models enable sim-disabled" in said(world)


def test_a_short_name(world: World) -> None:
    """As everywhere, the id that was taken is said."""
    run(world, "/model sim-sma", "hello")
    assert "model: sim-small (for 'sim-sma')" in said(world)
    assert models_asked(world) == ["sim-small"]


def test_a_prefix_switches_the_engine_and_the_conversation_goes_along(world: World) -> None:
    """To an endpoint and back; nothing of GitHub's goes there."""
    write(world, LLAMA)
    run(world, "one", "/model ollama/llama-sim:latest", "two", "/model gh/sim-echo", "three")
    assert hosts(world)[0] == hosts(world)[2] != hosts(world)[1]
    assert models_asked(world)[-1] == "sim-echo"
    assert sent(world)[-1] == ["one", "one", "two", sent(world)[-1][3], "three"]
    there = next(entry for entry in world.sim.log if entry.endpoint == "ollama_chat")
    assert "tid=" not in repr(there.headers)
    assert "copilot-integration-id" not in there.headers
    assert "model: ollama/llama-sim:latest" in said(world)


def test_the_models_of_endpoints_are_on_the_list(world: World) -> None:
    """Behind the endpoint's name."""
    write(world, LLAMA)
    person = Person(("Which model?", "sim-echo"))
    run(world, "/model", person=person)
    assert any(each.startswith("ollama/") for each in person.asked[0].values)


def test_an_endpoint_that_is_set_up_wrongly_keeps_nobody_from_choosing(world: World) -> None:
    """It is told with file and line, and the others are there."""
    write(world, LLAMA + '[endpoints.bad]\ntype = "openai"\n')
    person = Person(("Which model?", "sim-small"))
    run(world, "/model", "hello", person=person)
    assert "endpoints.bad: has no url" in said(world)
    assert models_asked(world) == ["sim-small"]


def test_a_conversation_with_an_endpoint_is_gone_on_with_there(world: World) -> None:
    """Though Copilot is who answers otherwise."""
    write(world, LLAMA)
    run(world, "/model ollama/llama-sim:latest", "one")
    seen = len(hosts(world))
    run(world, "/resume one", "two")
    assert len(hosts(world)) == seen + 1
    assert hosts(world)[-1] == hosts(world)[-2]


def test_a_role_may_name_an_endpoint_s_model(world: World) -> None:
    """Then that one answers."""
    write(world, LLAMA)
    (world.home / "roles").mkdir()
    (world.home / "roles" / "mine.md").write_text(
        '+++\nmodel = "ollama/llama-sim:latest"\n+++\nBrief.'
    )
    run(world, "/role mine", "hello")
    assert "127.0.0.1" in hosts(world)[0]


def test_what_is_not_there_changes_nothing(world: World) -> None:
    """An endpoint that is not set up is no endpoint."""
    run(world, "/model olama/llama3", "hello")
    assert "'olama' is no endpoint of yours" in said(world)
    assert models_asked(world) == ["sim-echo"]
