"""`/undo`, `/redo`, `/retry`, `/edit`, `/continue`, `/compact`: back, and another way on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.chat import CONTINUE
from tests.repl_world import Typing, chat_of, chatting_world, models_asked, run, said, sent
from tests.wizard_world import Person, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = chatting_world(tmp_path / "home")
    yield made
    if made.app is not None:
        made.app.close()


def test_undo_takes_back_a_question_and_its_answer(world: World) -> None:
    """The next question goes without them, and it is said what was undone."""
    run(world, "one", "two", "/undo", "three")
    assert sent(world)[-1] == ["one", "one", "three"]
    assert "undone: “two”\n1 question left; /redo brings it back\n" in said(world)


def test_undo_of_several(world: World) -> None:
    """As many as there are; the last line says what is left."""
    run(world, "one", "two", "/undo 5", "three")
    assert sent(world)[-1] == ["three"]
    assert "undone: “two”\nundone: “one”\nnothing is left; /redo brings it back\n" in said(world)


def test_redo_brings_back(world: World) -> None:
    """One at a time, or several, in the order in which they were asked."""
    run(world, "one", "two", "/undo 2", "/redo", "/redo 9", "three")
    assert sent(world)[-1] == ["one", "one", "two", "two", "three"]
    assert "brought back: “one”\nbrought back: “two”\n" in said(world)


def test_a_new_question_ends_what_redo_leads_to(world: World) -> None:
    """There is another branch now; the old one is still stored."""
    chat = run(world, "one", "/undo", "two", "/redo")
    assert "error: there is nothing to redo" in said(world)
    texts = [turn.text for turn in chat.talk.sessions.turns(chat.talk.id or "")]
    assert texts == ["one", "one", "two", "two"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/undo", "there is nothing to undo"),
        ("/redo", "there is nothing to redo"),
        ("/undo 0", "'0' is no number from 1 to 1000"),
        ("/undo -1", "'-1' is no number"),
        ("/undo ½", "'½' is no number"),
        ("/redo two", "'two' is no number"),
        ("/retry", "nothing was asked yet"),
        ("/edit", "nothing was asked yet"),
        ("/edit other words", "nothing was asked yet"),
        ("/continue", "the last answer is whole"),
        ("/continue please", "this command takes nothing after its name"),
        ("/compact", "there is nothing to sum up yet"),
        ("/compact now", "this command takes nothing after its name"),
    ],
)
def test_what_cannot_be_done_sends_nothing(world: World, line: str, message: str) -> None:
    """It is an error with its reason, and the chat goes on."""
    assert run(world, line).run() == 0
    assert f"error: {message}" in said(world)
    assert sent(world) == []


def test_retry_asks_the_last_question_again(world: World) -> None:
    """Without the old answer, which stays on its own branch."""
    world.sim.answer(text="first try")
    chat = run(world, "one", "two", "/retry")
    assert sent(world) == [["one"], ["one", "first try", "two"], ["one", "first try", "two"]]
    assert "again: two\n" in said(world)
    assert len(chat.talk.sessions.turns(chat.talk.id or "")) == 6
    assert len(chat.talk.turns()) == 4


def test_retry_with_another_model(world: World) -> None:
    """It answers from then on, and that is said."""
    run(world, "one", "/retry sim-small", "two")
    assert models_asked(world) == ["sim-echo", "sim-small", "sim-small"]
    assert "model: sim-small\n" in said(world)


def test_retry_with_a_model_that_is_not_there(world: World) -> None:
    """Nothing was changed and nothing sent."""
    chat = run(world, "one", "/retry nonesuch")
    assert len(sent(world)) == 1
    assert len(chat.talk.turns()) == 2
    assert "error: there is no model 'nonesuch'" in said(world)


def test_retry_after_a_failure(world: World) -> None:
    """A question without an answer can be asked again."""
    world.sim.fault("chat", status=402, body={"error": {"code": "quota_exceeded"}})
    run(world, "one", "/retry")
    assert sent(world) == [["one"], ["one"]]


def test_edit_asks_other_words_in_place_of_the_last(world: World) -> None:
    """What comes after the command is the new question."""
    run(world, "one", "two", "/edit three")
    assert sent(world)[-1] == ["one", "one", "three"]
    assert "asking anew: three\n" in said(world)


def test_edit_opens_the_editor(world: World) -> None:
    """The question is in it; what comes back is asked."""
    world.environ["EDITOR"] = "ed"
    chat = run(world, "one", "/edit", edited="one\nand two")
    assert isinstance(chat.lines, Typing)
    assert chat.lines.opened == ["one"]
    assert sent(world)[-1] == ["one\nand two"]


@pytest.mark.parametrize("edited", ["one", "", "  \n"])
def test_edit_without_a_change(world: World, edited: str) -> None:
    """Nothing is sent for the same words, nor for none."""
    world.environ["VISUAL"] = "ed"
    run(world, "one", "/edit", edited=edited)
    assert sent(world) == [["one"]]
    assert "nothing was changed; /retry asks it again" in said(world)


def test_edit_in_the_line(world: World) -> None:
    """Without an editor the question stands in the line; what is sent takes its place."""
    chat = run(world, "one", "/edit", "one, but other", "two", person=True)
    assert isinstance(chat.lines, Typing)
    assert chat.lines.defaults == ["", "", "one", "", ""]
    assert sent(world)[1:] == [["one, but other"], ["one, but other", "one, but other", "two"]]


@pytest.mark.parametrize("line", ["", "/tokens", "one"])
def test_an_edit_that_is_left(world: World, line: str) -> None:
    """An empty line, a command or the same words leave the question as it was."""
    run(world, "one", "/edit", line, "two", person=True)
    assert sent(world)[-1] == ["one", "one", "two"]


def test_continue_goes_on_with_an_answer_that_was_cut(world: World) -> None:
    """The whole of it is one answer; the way there is said."""
    world.sim.answer(text="half ", finish="length")
    world.sim.answer(text="and half")
    chat = run(world, "one", "/continue")
    assert "hint: /continue goes on" in said(world)
    assert sent(world)[1] == ["one", "half ", CONTINUE]
    assert chat.chat.answer() == "half and half"
    assert world.stdout.getvalue() == "half and half"


def test_retry_of_a_continuation(world: World) -> None:
    """What is asked again is the rest of the answer."""
    world.sim.answer(text="half ", finish="length")
    world.sim.answer(text="and nonsense")
    world.sim.answer(text="and half")
    chat = run(world, "one", "/continue", "/retry")
    assert sent(world)[2] == ["one", "half ", CONTINUE]
    assert chat.chat.answer() == "half and half"


def test_undo_of_a_continuation(world: World) -> None:
    """It is named as what it is."""
    world.sim.answer(text="half ", finish="length")
    run(world, "one", "/continue", "/undo")
    assert "undone: what /continue brought" in said(world)


def compacting(world: World, person: bool | Person) -> None:
    for number in range(4):
        world.sim.answer(text=f"answer {number}")
    world.sim.answer(text="the summary")
    questions = [f"question {number}" for number in range(4)]
    run(world, *questions, "/compact", "what now?", "/undo 2", "and now?", person=person)


def test_compact_shows_the_summary_and_asks(world: World) -> None:
    """With a yes it stands for the older turns; the last two stay; undo takes it back."""
    compacting(world, Person(("Use this summary", True)))
    last, undone = sent(world)[-2:]
    assert "the summary" in last[0]
    assert last[1:] == ["question 2", "answer 2", "question 3", "answer 3", "what now?"]
    assert undone[:2] == ["question 0", "answer 0"]
    assert len(undone) == 9
    assert "the summary" in world.stdout.getvalue()
    assert "undone: “what now?”\nundone: the summary\n" in said(world)


def test_compact_with_a_no(world: World) -> None:
    """Everything is as it was."""
    compacting(world, Person(("Use this summary", False)))
    assert sent(world)[-2][0] == "question 0"
    assert "nothing was changed\n" in said(world)


def test_compact_from_a_pipe(world: World) -> None:
    """Nobody is there to ask: who wrote the command wants it."""
    compacting(world, False)
    assert "the summary" in sent(world)[-2][0]


def test_a_summary_that_was_cut_changes_nothing(world: World) -> None:
    """Half a summary is none."""
    for number in range(3):
        world.sim.answer(text=f"answer {number}")
    world.sim.answer(text="the summ", finish="length")
    run(world, "one", "two", "three", "/compact", "four")
    assert sent(world)[-1][0] == "one"
    assert "nothing was changed\n" in said(world)
    assert "/continue" not in said(world)


def test_an_answer_of_no_word_is_not_gone_on_with(world: World) -> None:
    """The answer before it was whole."""
    world.sim.answer(text="whole")
    world.sim.answer(text="", finish="length")
    chat = run(world, "one", "two", "/continue")
    assert "error: the last answer is whole" in said(world)
    assert not chat.talk.unfinished


def test_ctrl_c_at_a_draft_forgets_nothing(world: World) -> None:
    """The conversation is as it was after a command that was stopped."""
    world.environ["EDITOR"] = "ed"
    chat = chat_of(world, "one", "/edit", "two", person=True)
    chat.lines.editor = _interrupted  # type: ignore[method-assign]
    chat.run()
    assert sent(world)[-1] == ["one", "one", "two"]


def _interrupted(text: str) -> str:
    raise KeyboardInterrupt
