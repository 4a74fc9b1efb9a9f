"""Unified diffs: read as models write them, and applied word for word or not at all."""

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_cli.tools.patches import Change, apply, parse
from copilot_cli.tools.tool import ToolError

lines = st.lists(st.sampled_from(["a", "b", "", " ", "-- x", "++ y", "@@", "--- a", "\\"]))
texts = st.builds(lambda parts, end: "\n".join(parts) + end, lines, st.sampled_from(["", "\n"]))


def diff(old: str, new: str, around: int = 3) -> str:
    """The unified diff of two texts, as git writes it."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    mark = "\n\\ No newline at end of file\n"
    return "".join(
        line if line.endswith("\n") else line + mark
        for line in difflib.unified_diff(before, after, "a/f", "b/f", n=around)
    )


def patched(old: str, patch: str) -> str:
    """What the only change of `patch` makes of `old`."""
    (change,) = parse(patch)
    return apply(old, change.hunks, "f")


@given(texts, texts, st.integers(1, 3))
def test_what_was_compared_is_made_again(old: str, new: str, around: int) -> None:
    """Whatever its lines look like: headers, hunks, marks."""
    patch = diff(old, new, around)
    if patch:
        assert patched(old, patch) == new


@given(texts, texts)
def test_a_patch_that_was_applied_is_not_applied_again_by_chance(old: str, new: str) -> None:
    """It fits or is refused; nothing else is raised."""
    patch = diff(old, new)
    for text in (new, new + "more\n", "x\n" + old):
        try:
            patch and patched(text, patch)
        except ToolError:
            continue


@given(st.text(alphabet='-+ @\\ab/0,1\n\r\t"{}', max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else comes of it."""
    try:
        for change in parse(text):
            apply("a\nb\n", change.hunks, "f")
    except ToolError:
        pass


OLD = "one\ntwo\nthree\nfour\nfive\n"


def hunk(head: str, *body: str) -> str:
    return "\n".join(["--- a/f", "+++ b/f", head, *body]) + "\n"


@pytest.mark.parametrize(
    "patch",
    [
        hunk("@@ -2,3 +2,3 @@", " two", "-three", "+3", " four"),
        hunk("@@ -2,3 +2,3 @@ def section():", " two", "-three", "+3", " four"),
        hunk("@@ -1,9 +77,1 @@", " two", "-three", "+3", " four"),
        hunk("@@ -40,3 +40,3 @@", " two", "-three", "+3", " four"),
        hunk("@@ @@", " two", "-three", "+3", " four"),
        hunk("@@", "-three", "+3"),
        hunk("@@ -3 +3 @@", "-three", "+3"),
        hunk("@@ -2,3 +2,3 @@", " two", "-three", "+3", " four", "", ""),
        "Here it is:\n\n```diff\n" + hunk("@@ -3 +3 @@", "-three", "+3") + "```\nDone.\n",
        "From 1234\nSubject: x\n\n" + hunk("@@ -3 +3 @@", "-three", "+3") + "-- \n2.39.5\n",
        hunk("@@ -3 +3 @@", "-three", "+3").replace("\n", "\r\n"),
        hunk("@@ -3 +3 @@", "-three", "+3").replace("a/f", "f").replace("b/f", "f"),
        hunk("@@ -3 +3 @@", "-three", "+3").replace("a/f", "a/f\t2026-01-01 10:00:00"),
        "diff --git a/f b/f\nindex 123..456 100644\n" + hunk("@@ -3 +3 @@", "-three", "+3"),
    ],
)
def test_forms(patch: str) -> None:
    """With numbers that are wrong or missing, among words, with other line ends."""
    (change,) = parse(patch)
    assert (change.old, change.new) == ("f", "f")
    assert apply(OLD, change.hunks, "f") == "one\ntwo\n3\nfour\nfive\n"


def test_several_hunks_move_each_other() -> None:
    """What comes before moves what comes after."""
    patch = hunk("@@ -1,1 +1,3 @@", " one", "+1a", "+1b") + "@@ -5 +7 @@\n-five\n+5\n"
    assert patched(OLD, patch) == "one\n1a\n1b\ntwo\nthree\nfour\n5\n"
    assert patched("0\n" + OLD, patch) == "0\none\n1a\n1b\ntwo\nthree\nfour\n5\n"


def test_an_empty_line_needs_no_blank_before_it() -> None:
    """Editors take it away; within a hunk it is a line that stays."""
    patch = hunk("@@ -1,3 +1,3 @@", " a", "", "-b", "+c")
    assert patched("a\n\nb\n", patch) == "a\n\nc\n"


COUNTED = {
    "a signature behind more that go than come": (
        hunk("@@ -1,2 +1 @@", "-one", "-two", "+1", "-- ", "2.39.5"),
        [("-", "one"), ("-", "two"), ("+", "1")],
    ),
    "a signature behind more that come than go": (
        hunk("@@ -1 +1,2 @@", "-one", "+1", "+2", "-- ", "2.39.5"),
        [("-", "one"), ("+", "1"), ("+", "2")],
    ),
    "a line that goes and looks like a signature": (
        hunk("@@ -1,2 +1 @@", " one", "-- "),
        [(" ", "one"), ("-", "- ")],
    ),
    "empty lines, of which one is to be there": (
        hunk("@@ -1,2 +1,3 @@", " one", "+1", "", "", ""),
        [(" ", "one"), ("+", "1"), (" ", "")],
    ),
    "empty lines, of which none is to be there": (
        hunk("@@ -1 +1 @@", "-one", "+1", "", ""),
        [("-", "one"), ("+", "1")],
    ),
}


@pytest.mark.parametrize(("patch", "expected"), COUNTED.values(), ids=COUNTED)
def test_the_numbers_say_where_a_hunk_ends(patch: str, expected: list[tuple[str, str]]) -> None:
    """What is behind it may look as if it were in it, and the other way round."""
    (change,) = parse(patch)
    (found,) = change.hunks
    assert [(line.kind, line.text) for line in found.lines] == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("one\r\ntwo\r\n", "one\r\n2\r\n"),
        ("one\ntwo", "one\n2\n"),
        ("one\ntwo\n", "one\n2\n"),
    ],
)
def test_line_ends_are_the_files(old: str, new: str) -> None:
    """A model sees no carriage return, and forgets that the last newline is not there."""
    assert patched(old, hunk("@@ -1,2 +1,2 @@", " one", "-two", "+2")) == new


def test_a_line_after_the_last_one_that_has_no_newline() -> None:
    """The one before gets it."""
    assert patched("one", hunk("@@ -1 +1,2 @@", " one", "+two")) == "one\ntwo\n"
    mark = "\\ No newline at end of file"
    patch = hunk("@@ -1 +1,2 @@", " one", mark, "+two", mark)
    assert patched("one", patch) == "one\ntwo"


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        (hunk("@@ -2 +2 @@", "-two ", "+2"), "hunk 1 of f does not fit: no line is 'two '"),
        (hunk("@@ -2,2 +2 @@", "-two", "-four"), "its lines do not follow each other"),
        (hunk("@@ -9,0 +9 @@", "+x"), "does not say where its lines belong"),
        (hunk("@@", "+x"), "does not say where its lines belong"),
        (hunk("@@ -1 +1 @@", "-two", "+2") + "@@ -1 +1 @@\n-one\n+1\n", "hunk 2 of f does not"),
        (hunk("@@ -1,3 +1,3 @@", " one", "two", "-three"), "begins with none of"),
        (hunk("@@ -1 +1 @@", "-one", "+1", "two", "-three"), "belongs to no @@ line: -three"),
        (hunk("@@ -1 +1 @@"), "nothing below a @@ line"),
        (hunk("@@@ -1 -1 +1 @@@", "--one"), "A @@ line cannot be read"),
        (hunk("@@ -9999999999 +1 @@", "-one"), "cannot be read"),
        ("@@ -1 +1 @@\n-one\n+1\n", "without --- and +++"),
        ("", "no unified diff"),
        ("*** Begin Patch\n*** End Patch\n", "no unified diff"),
        ("--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n", "is none"),
        ("diff --git a/f b/f\nGIT binary patch\n", "cannot be applied"),
        ("diff --git a/f b/g\nsimilarity index 90%\ncopy from f\ncopy to g\n", "cannot be applied"),
        ("diff --git a/f b/f\nnew file mode 120000\n", "is no mode of one"),
        ('--- "a/\\377"\n+++ "b/\\377"\n@@ -1 +1 @@\n-a\n', "is no UTF-8"),
    ],
)
def test_what_does_not_fit_is_refused(patch: str, said: str) -> None:
    """No part of it is done, and the words say what to do better."""
    with pytest.raises(ToolError) as caught:
        patched(OLD, patch)
    assert said in str(caught.value)


def test_what_fits_in_two_places_is_refused() -> None:
    """Unless its number says which."""
    twice = "x\na\ny\na\n"
    with pytest.raises(ToolError, match="fits in 2 places"):
        patched(twice, hunk("@@", "-a", "+b"))
    with pytest.raises(ToolError, match="fits in 2 places"):
        patched(twice, hunk("@@ -3 +3 @@", "-a", "+b"))
    assert patched(twice, hunk("@@ -4 +4 @@", "-a", "+b")) == "x\na\ny\nb\n"


@pytest.mark.parametrize(
    ("patch", "change"),
    [
        ("--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n", (None, "n", None)),
        ("--- /dev/null\n+++ n\n@@ -0,0 +1 @@\n+x\n", (None, "n", None)),
        ("--- a/o\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", ("o", None, None)),
        ("diff --git a/e b/e\nnew file mode 100755\nindex 0..1\n", (None, "e", True)),
        ("diff --git a/e b/e\ndeleted file mode 100644\n", ("e", None, None)),
        ("diff --git a/e b/e\nold mode 100644\nnew mode 100755\n", ("e", "e", True)),
        (
            "diff --git a/long name b/n\nrename from long name\nrename to n\n",
            ("long name", "n", None),
        ),
        ('--- "a/\\303\\244 \\"x\\""\n+++ "b/\\303\\244 \\"x\\""\n', ('ä "x"', 'ä "x"', None)),
        ("--- a/a/f\n+++ b/a/f\n", ("a/f", "a/f", None)),
        ("--- a/f\n+++ a/f\n", ("a/f", "a/f", None)),
    ],
)
def test_what_happens_to_files(patch: str, change: tuple[object, ...]) -> None:
    """They come, go, move, or become programs."""
    (found,) = parse(patch)
    assert isinstance(found, Change)
    assert (found.old, found.new, found.executable) == change


def test_a_hunk_that_counts_too_much_ends_where_the_next_file_begins() -> None:
    """Its header is no line of it."""
    first, second = parse(hunk("@@ -1,9 +1,9 @@", "-one", "+1") + hunk("@@ -2 +2 @@", "-two", "+2"))
    assert (first.counts, second.counts) == ((1, 1), (1, 1))


def test_what_git_says_of_one_file_is_not_of_the_next() -> None:
    """A header with another name begins another change."""
    made, moved, changed = parse(
        "diff --git a/x b/x\nnew file mode 100755\n"
        "diff --git a/r b/s\nrename from r\nrename to s\n" + hunk("@@ -3 +3 @@", "-three", "+3")
    )
    assert made == Change(None, "x", (), executable=True)
    assert moved == Change("r", "s")
    assert (changed.old, changed.new, changed.counts) == ("f", "f", (1, 1))
    moved = parse("diff --git a/r b/s\nrename from r\nrename to s\n--- a/r\n+++ b/s\n@@\n-a\n")[0]
    assert (moved.old, moved.new, moved.counts) == ("r", "s", (0, 1))
    made = parse("diff --git a/x b/x\nnew file mode 100755\n--- /dev/null\n+++ b/x\n@@\n+a\n")[0]
    assert (made.old, made.new, made.executable) == (None, "x", True)
