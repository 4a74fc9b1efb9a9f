"""The `docs` model's search over Markdown."""

import pytest

from copilot_cli.simulator.library import Library, pages, sections, terms
from tests.simulated import Plain, text

PAGES = [
    (
        "docs/signing-in.md",
        """# Signing in

Run `copilot-chat onboard` and type the code on the device page.

## Several accounts

`copilot-chat accounts` lists them and switches.
""",
    ),
    (
        "docs/privacy.md",
        """# Privacy

## Where secrets are stored

The token is sealed on disk with AES.

## Leaving without a trace

```sh
# not a heading
copilot-chat logout --purge
```
""",
    ),
    (
        "docs/environment.md",
        "# Environment\n\n| variable | meaning |\n| --- | --- |\n"
        "| `HTTPS_PROXY` | the proxy |\n"
        + "".join(f"| `OTHER_{n}` | something else |\n" for n in range(12))
        + "| `NO_COLOR` | no colours |\n",
    ),
]


def test_sections() -> None:
    """A page is cut at its headings, but not inside a fenced block; empty ones are left out."""
    found = sections("p.md", PAGES[1][1])
    assert [s.title for s in found] == ["Where secrets are stored", "Leaving without a trace"]
    assert "# not a heading" in found[1].text


@pytest.mark.parametrize(("fence", "closes"), [("```", "```"), ("~~~~", "~~~~~"), ("```", "```` ")])
def test_fences(fence: str, closes: str) -> None:
    """A fence is closed by its own kind, at least as long."""
    page = f"# A\n\n{fence}\n# no\n``\n{closes}\n\n# B\n\ntext\n"
    assert [s.title for s in sections("p.md", page)] == ["A", "B"]


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("How do I sign in?", "Signing in"),
        ("how does login work", "Signing in"),
        ("switch between accounts", "Several accounts"),
        ("Where is my token stored?", "Where secrets are stored"),
        ("where do you keep secrets", "Where secrets are stored"),
        ("how can I leave without leaving a trace", "Leaving without a trace"),
        ("what does NO_COLOR do?", "Environment"),
    ],
)
def test_fitting_section(question: str, title: str) -> None:
    """The section that is about the question is found, in the words people use."""
    found = Library(PAGES).find(question)
    assert found is not None
    assert found.title == title


@pytest.mark.parametrize(
    "question", ["", "?!", "What is the capital of France?", "write a poem about cats", "the of"]
)
def test_nothing_fits(question: str) -> None:
    """What the documentation does not cover is not answered, and the answer says what it covers."""
    library = Library(PAGES)
    assert library.find(question) is None
    said = library.answer(question)
    assert "found nothing" in said
    assert "docs/privacy.md: Where secrets are stored, Leaving without a trace" in said


def test_parts_of_names_are_words_too() -> None:
    """A word of a name like HTTPS_PROXY finds it, and its row."""
    assert "`HTTPS_PROXY`" in Library(PAGES).answer("how do I set a proxy?")


def test_pages_for_developers_stand_back() -> None:
    """Of two sections alike, the one for people who use the program is given."""
    text_of_both = "# Proxy\n\nThe proxy is set by a variable.\n"
    found = Library([("docs/simulator.md", text_of_both), ("docs/z.md", text_of_both)]).find(
        "proxy"
    )
    assert found is not None
    assert found.source == "docs/z.md"


def test_answer_names_its_source() -> None:
    """The answer is the section as Markdown, under its heading, with the page named."""
    said = Library(PAGES).answer("several accounts")
    assert said.startswith("### Several accounts\n\n`copilot-chat accounts`")
    assert said.endswith("\n\n*Source: docs/signing-in.md*\n")


def test_long_table_is_cut_to_the_fitting_rows() -> None:
    """Of a long table only the header and the rows in question are given."""
    said = Library(PAGES).answer("what does HTTPS_PROXY do")
    assert "| --- | --- |\n| `HTTPS_PROXY` | the proxy |\n\n*Source" in said
    assert "OTHER" not in said


def test_request_behind_piped_text_counts() -> None:
    """Of a message with data and a request behind it, the request is looked up."""
    piped = '<data name="stdin">\n' + "privacy secrets token sealed disk\n" * 40 + "</data>"
    said = Library(PAGES).answer(f"{piped}\n\nhow do I sign in?")
    assert said.startswith("### Signing in")


def test_without_documentation() -> None:
    """An installation without pages says so."""
    assert "No documentation is bundled" in Library([]).answer("how do I sign in?")


def test_terms() -> None:
    """Words are brought to one form, and those that say nothing are left out."""
    assert terms("How does the Login of Conversations work? NO_COLOR, status!") == [
        "sign", "session", "no_color", "status",
    ]  # fmt: skip


def test_bundled_pages_are_found() -> None:
    """The project's own documentation is what the model searches, and it is served over chat."""
    names = [name for name, _ in pages()]
    assert "docs/environment.md" in names
    said = text(Plain().ask("which variable sets the https proxy?", model="sim-docs"))
    assert "*Source: docs/" in said
