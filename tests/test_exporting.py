"""A conversation as a document: complete, and harmless wherever it is opened."""

import html
import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from copilot_cli.exporting import Conversation, markdown, page, record
from copilot_cli.messages import Cost, TextPart, ToolCallPart, ToolResultPart, Usage
from copilot_cli.store.turns import Session, State, Turn

SESSION = Session("1ng0abc", "A title", 0.0, 60.0, "github.com", "me", "m", "direct", 2, 2)


def turn(role: str, text: str, state: State = "complete") -> Turn:
    """Return a turn of this text."""
    return Turn(1, "s", None, role, 0.0, "gpt", "direct", state, parts=(TextPart(text),))


def conversation(*turns: Turn, title: str = "A title") -> Conversation:
    """Return a conversation of these turns."""
    return Conversation(SESSION._replace(title=title), turns)


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, set[str]] = {}
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def test_markdown_names_who_said_what_and_how_it_ended() -> None:
    """Each side is named, an answer that is not whole is marked, the text is as it was written."""
    text = markdown(
        conversation(
            turn("user", "Why?\n"),
            turn("assistant", "\nBecause *so*", "interrupted"),
            turn("summary", "We asked why."),
            turn("assistant", "", "failed"),
        )
    )
    assert re.sub(r"\d{4}-.*", "TIME", text) == (
        "# A title\n\n1ng0abc · TIME\n\n**You**\n\nWhy?\n\n**gpt** (stopped)\n\nBecause *so*\n\n"
        "**Summary**\n\nWe asked why.\n\n**gpt** (no answer)\n"
    )


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("```py\nx", "```py\nx\n```"),
        ("~~~~\n~~~\nx", "~~~~\n~~~\nx\n~~~~"),
        ("```\nx\n```", "```\nx\n```"),
        ("```\nx\n````", "```\nx\n````"),
        ("```\n```py\nx", "```\n```py\nx\n```"),
        ("a ``` b", "a ``` b"),
        ("    ```\nx", "    ```\nx"),
    ],
)
def test_an_open_code_block_does_not_take_in_what_follows(text: str, closed: str) -> None:
    """An answer that was stopped in a code block is closed, a whole one stays as it is."""
    made = markdown(conversation(turn("assistant", text, "interrupted"), turn("user", "next")))
    assert f"\n\n{closed}\n\n**You**\n\nnext\n" in made


def test_json_has_all_that_is_known() -> None:
    """Text and figures of each turn, and the turns on other branches."""
    whole = turn("assistant", "see")
    whole = whole._replace(usage=Usage(1), cost=Cost(0.5, "credits"), seconds_total=1.23456)
    made = record(Conversation(SESSION, [turn("user", "a"), whole], [turn("user", "left")]))
    assert made["id"] == "1ng0abc"
    assert made["updated"] == "1970-01-01T00:01:00Z"
    assert [each["text"] for each in made["messages"]] == ["a", "see"]
    answer = made["messages"][1]
    assert answer["usage"]["input_tokens"] == 1
    assert answer["cost"] == {"amount": 0.5, "unit": "credits"}
    assert answer["seconds"] == {"first_token": None, "total": 1.235}
    assert [each["text"] for each in made["left"]] == ["left"]


ATTACKS = [
    "<script>alert(1)</script>",
    "</title></style></h1><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "![picture](https://made-up.example/x.png)",
    "![picture][1]\n\n[1]: https://made-up.example/x.png",
    "[link](javascript:alert(1))",
    "[link](data:text/html;base64,PHNjcmlwdD4=)",
    "[link](<java\nscript:alert(1)>)",
    "<javascript:alert(1)>",
    "```html\n<script>alert(1)</script>\n```",
    '```"onclick="alert(1)\nx\n```',
    "<!-- --><svg/onload=alert(1)>",
    "<iframe src='https://made-up.example'>",
    "| a |\n|---|\n| <script>alert(1)</script> |",
    "{title} {turns} %s {0}",
]


@pytest.mark.parametrize("role", ["user", "assistant", "summary"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_html_loads_and_runs_nothing(role: str, attack: str) -> None:
    """Whatever is said, titled or named, the page has elements of ours only, and links."""
    said = turn(role, attack)._replace(model=attack)
    seen = Page(page(conversation(said, title=attack)))
    assert not {"script", "img", "iframe", "svg", "link", "object", "base"} & set(seen.tags)
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert {"src", "style", "action"}.isdisjoint(seen.attributes)
    for target in seen.attributes.get("href", ()):
        assert target.startswith("https://"), target
    assert seen.tags.count("title") == 1


def test_html_forbids_what_it_does_not_have() -> None:
    """The browser is told to load nothing and to run nothing."""
    policy = Page(page(conversation())).attributes["content"]
    assert "default-src 'none'; style-src 'unsafe-inline'" in policy


def test_html_shows_answers_rendered_and_questions_as_typed() -> None:
    """Markdown of an answer becomes elements, of a question it stays text with its spaces."""
    seen = page(conversation(turn("user", "a *b*\n  c <d>"), turn("assistant", "a *b*\n\n- `<d>`")))
    assert "<div>a *b*\n  c &lt;d&gt;</div>" in seen
    assert "<p>a <em>b</em></p>" in seen
    assert "<li><code>&lt;d&gt;</code></li>" in seen


def test_html_hides_no_character() -> None:
    """Controls, and marks that reorder text, are shown as signs."""
    seen = page(conversation(turn("user", "a\x1b[31m\u202eb\0"), turn("assistant", "c\u2066d\x07")))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", seen)
    assert html.escape("a␛[31m\ufffdb␀") in seen


def test_a_link_tells_nobody_where_it_was_found() -> None:
    """A page with a conversation in it is nobody's business."""
    seen = page(conversation(turn("assistant", "[b](https://ok.example)")))
    assert 'rel="noopener noreferrer nofollow"' in seen


def tool_turn(
    name: str = "read_file", arguments: str = '{"path": "a"}', output: str = "1\n2"
) -> Turn:
    """Return an answer that called a tool twice; the second call was stopped."""
    parts = (
        TextPart("I look."),
        ToolCallPart("c1", name, arguments),
        ToolResultPart("c1", output),
        ToolCallPart("c2", name, "{}"),
        TextPart("It says "),
        TextPart("*two*."),
    )
    return turn("assistant", "")._replace(parts=parts)


def test_calls_are_a_line_each_in_markdown() -> None:
    """In their place, as code."""
    text = markdown(conversation(tool_turn()))
    assert text.split("**gpt**\n\n")[1] == (
        "I look.\n\n"
        '> `→ read_file {"path": "a"}`  \n'
        "> `← read_file: 2 lines, 3 characters`  \n"
        "> `→ read_file {}`  \n\n"
        "It says *two*.\n"
    )


def test_calls_are_whole_in_json() -> None:
    """With what they gave; null where nothing came of one."""
    (message,) = record(conversation(tool_turn(output="x" * 1000)))["messages"]
    arguments = '{"path": "a"}'
    assert message["text"] == "I look.It says *two*."
    assert message["tools"] == [
        {
            "id": "c1",
            "name": "read_file",
            "arguments": arguments,
            "output": "x" * 1000,
            "error": False,
        },
        {"id": "c2", "name": "read_file", "arguments": "{}", "output": None, "error": False},
    ]
    assert record(conversation(turn("user", "?")))["messages"][0]["tools"] == []


def test_calls_are_folded_in_html() -> None:
    """A line that opens, with all of it as text."""
    found = Page(page(conversation(tool_turn())))
    assert found.tags.count("details") == found.tags.count("summary") == 2
    assert '→ read_file {"path": "a"}{"path": "a"}1\n2\n→ read_file {}{}' in found.text
    assert "em" in found.tags


HOSTILE_CALLS = (
    "`` ` ```` [x](javascript:alert(1)) ![i](http://evil.invalid/x.png)",
    "<script>alert(1)</script><img src=http://evil.invalid/x.png>",
    "\x1b]0;title\x07\u202e\n\n# heading\n\n</pre></details>",
)


@pytest.mark.parametrize("text", HOSTILE_CALLS)
def test_hostile_calls_stay_text(text: str) -> None:
    """Whatever a model or a tool has written."""
    exported = conversation(tool_turn(name=text, arguments=text, output=text))
    source = page(exported)
    found = Page(source)
    assert {"script", "img", "a", "h1"} & set(found.tags) == {"h1"}
    assert found.tags.count("h1") == 1
    assert found.tags.count("details") == 2
    assert not {"\x1b", "\x07", "\u202e"} & set(source)
    rendered = Page(MarkdownIt("commonmark").render(markdown(exported)))
    assert {"script", "img", "a"} & set(rendered.tags) == set()
    assert rendered.tags.count("h1") == 1
