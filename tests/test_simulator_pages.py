"""The device page, as a person with a browser goes through it."""

import re
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from tests.simulated import Plain

PAGE = "https://github.com/login/device"


class Form(HTMLParser):
    """The fields of a page, with their attributes, and the tags that are still open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, dict[str, str | None]] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        name = dict(attrs).get("name")
        if tag in ("input", "button") and name:
            self.fields.setdefault(name, dict(attrs))


def submit(plain: Plain, page: httpx.Response, **typed: str) -> httpx.Response:
    """Send the page's form with its hidden fields and what the person typed."""
    fields = Form(page.text).fields.items()
    hidden = {name: attrs.get("value") or "" for name, attrs in fields
              if attrs.get("type") == "hidden"}  # fmt: skip
    return plain.http.post(PAGE, data=hidden | typed)


@pytest.mark.parametrize(
    ("decision", "heading", "outcome"),
    [("approve", "all set", "access_token"), ("deny", "denied", "error")],
)
def test_whole_way(decision: str, heading: str, outcome: str) -> None:
    """Code, then account and app and scope, then the decision, then the result."""
    plain = Plain(login="mona<b>")
    said = plain.code()
    confirm = submit(plain, plain.http.get(PAGE), user_code=said["user_code"])
    assert "mona&lt;b&gt;" in confirm.text
    assert "Iv1.b507a08c87ecfe98" in confirm.text
    assert "read:user" in confirm.text
    result = submit(plain, confirm, decision=decision)
    assert heading in result.text
    assert outcome in plain.poll(said["device_code"])


@pytest.mark.parametrize("form", [str.lower, lambda code: code.replace("-", ""), " {} ".format])
def test_code_as_people_type_it(form: Any) -> None:
    """Small letters, no hyphen, spaces around: it is the same code."""
    plain = Plain()
    code = plain.code()["user_code"]
    page = submit(plain, plain.http.get(PAGE), user_code=form(code))
    assert "Authorize" in page.text


@pytest.mark.parametrize("typed", ["", "AAAA-AAAA", "<script>"])
def test_wrong_code(typed: str) -> None:
    """A wrong code is told, and the form is there again; what was typed is not repeated."""
    plain = Plain()
    plain.code()
    page = submit(plain, plain.http.get(PAGE), user_code=typed)
    assert page.status_code == 404
    assert "wrong, used or expired" in page.text
    assert Form(page.text).fields["user_code"]["aria-invalid"] == "true"
    assert "<script" not in page.text


def test_expired_code_is_a_wrong_one() -> None:
    """A code that timed out is no longer taken."""
    plain = Plain()
    code = plain.code()["user_code"]
    plain.pass_time(900)
    assert submit(plain, plain.http.get(PAGE), user_code=code).status_code == 404


def test_code_is_never_filled_in() -> None:
    """A link that brings the code is not honoured, as GitHub refuses it too."""
    plain = Plain()
    code = plain.code()["user_code"]
    page = plain.http.get(PAGE, params={"user_code": code})
    assert code not in page.text
    assert "value" not in Form(page.text).fields["user_code"]


def test_form_needs_its_page() -> None:
    """A form without the page's token, or with one used before, decides nothing."""
    plain = Plain()
    said = plain.code()
    forged = plain.http.post(PAGE, data={"user_code": said["user_code"], "decision": "approve"})
    assert forged.status_code == 422
    page = plain.http.get(PAGE)
    submit(plain, page, user_code=said["user_code"])
    again = submit(plain, page, user_code=said["user_code"], decision="approve")
    assert again.status_code == 422
    assert plain.poll(said["device_code"])["error"] == "authorization_pending"


def test_page_is_plain_and_safe() -> None:
    """No outside resource, no script, no framing, labelled field, light and dark, any width."""
    reply = Plain().http.get(PAGE)
    html = reply.text
    form = Form(html)
    assert not {tag for tag, _ in form.tags} & {"script", "img", "iframe", "link", "object"}
    assert not re.search(r"https?://|url\(", html)
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    assert ("label", {"for": "user_code"}) in form.tags
    assert ("html", {"lang": "en"}) in form.tags
    assert "prefers-color-scheme: dark" in html
    assert "width=device-width" in html
    assert plain_text(html).count("simulator") >= 1


def plain_text(html: str) -> str:
    """The page without its tags."""
    return re.sub(r"<[^>]+>", " ", html)
