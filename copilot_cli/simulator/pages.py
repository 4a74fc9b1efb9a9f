"""The device page: a person types the code, sees who asks for what, and approves or denies.

Plain HTML without a script or an outside resource, readable on a phone, in the dark and to a screen
reader. A link with the code in it is not honoured, because github.com refuses that as well: the
code has to be typed by the person who reads it.
"""

from __future__ import annotations

import hmac
import secrets
from html import escape
from typing import Final

from copilot_cli.simulator.device import DeviceLogin, Login
from copilot_cli.simulator.hosts import Place
from copilot_cli.simulator.reply import Reply, Request
from copilot_cli.simulator.scenario import Scenario

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --page: #f6f8fa;
  --card: #fff; --line: #818b98; --go: #1a7f37; --wrong: #b3261e }
@media (prefers-color-scheme: dark) { :root { --ink: #f0f6fc; --soft: #a3adb8; --page: #0d1117;
  --card: #151b23; --line: #7d8590; --go: #238636; --wrong: #ff8f86 } }
* { box-sizing: border-box }
body { margin: 0; padding: 1rem; min-height: 100vh; display: grid; place-items: center;
  background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 27rem; padding: 1.5rem; background: var(--card);
  border: 1px solid var(--line); border-radius: .75rem }
h1 { margin: 0 0 .75rem; font-size: 1.4rem; line-height: 1.25 }
p { margin: 0 0 1rem } .soft { color: var(--soft) } .wrong { color: var(--wrong) }
dl { margin: 0 0 1.25rem } dt { color: var(--soft) } dd { margin: 0 0 .5rem; font-weight: 600 }
label { display: block; margin-bottom: .35rem; font-weight: 600 }
input[type=text] { width: 100%; padding: .6rem; font: 1.5rem ui-monospace, monospace;
  letter-spacing: .15em; text-transform: uppercase; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: .4rem }
.row { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.25rem }
button { flex: 1 1 8rem; padding: .7rem 1rem; font: inherit; font-weight: 600; cursor: pointer;
  color: inherit; background: transparent; border: 1px solid var(--line); border-radius: .4rem }
button.go { color: #fff; background: var(--go); border-color: transparent }
:focus-visible { outline: 3px solid #4493f8; outline-offset: 2px }
"""

_SECURITY: Final = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
_NOTE: Final = (
    '<p class="soft">This is the simulator of <code>copilot-chat</code>, not GitHub: '
    "nothing here touches a real account.</p>"
)
_MOST_OPEN: Final = 100


class DevicePage:
    """GET and POST of /login/device; every page carries a token that its form must send back."""

    def __init__(self, device: DeviceLogin, scenario: Scenario) -> None:
        self._device = device
        self._scenario = scenario
        self._key = secrets.token_bytes(32)
        self._open: list[str] = []

    def show(self, _request: Request, _place: Place) -> Reply:
        """The empty form."""
        return self._ask()

    def submit(self, request: Request, _place: Place) -> Reply:
        """A code, or a decision on it."""
        form = request.form()
        if not self._spend(form.get("authenticity_token", "")):
            return self._ask("This page was open for too long. Type the code again.", 422)
        login = self._device.find(form.get("user_code", ""))
        if login is None:
            return self._ask("That code is wrong, used or expired. Check the terminal.", 404)
        decision = form.get("decision")
        if decision not in ("approve", "deny"):
            return self._confirm(login)
        approved = decision == "approve"
        self._device.decide(login.user_code, approve=approved)
        return _result(approved=approved)

    def _ask(self, wrong: str = "", status: int = 200) -> Reply:
        problem = f'<p class="wrong" id="wrong" role="alert">{wrong}</p>' if wrong else ""
        described = ' aria-invalid="true" aria-describedby="wrong"' if wrong else ""
        return _page(
            "Device activation",
            f"""<p>Type the code that is shown in your terminal.</p>{problem}
<form method="post" action="/login/device" autocomplete="off">{self._token()}
<label for="user_code">Code</label>
<input type="text" id="user_code" name="user_code" required autofocus maxlength="12"
 autocapitalize="characters" spellcheck="false" placeholder="WDJB-MJHT"{described}>
<div class="row"><button class="go">Continue</button></div></form>""",
            status,
        )

    def _confirm(self, login: Login) -> Reply:
        scope = login.scope or "no scope: only what the app was given"
        return _page(
            "Authorize this device?",
            f"""<p>Only go on if you started this sign-in yourself, just now.</p>
<dl><dt>Account</dt><dd>{escape(self._scenario.login)}</dd>
<dt>App</dt><dd>{escape(login.client_id)}</dd>
<dt>Scope</dt><dd>{escape(scope)}</dd></dl>
<form method="post" action="/login/device">{self._token()}
<input type="hidden" name="user_code" value="{escape(login.user_code)}">
<div class="row"><button class="go" name="decision" value="approve">Approve</button>
<button name="decision" value="deny">Deny</button></div></form>""",
        )

    def _token(self) -> str:
        """A hidden field that is good for one submission of this page."""
        value = secrets.token_urlsafe(24)
        self._open = [*self._open[-_MOST_OPEN:], value]
        return f'<input type="hidden" name="authenticity_token" value="{value}">'

    def _spend(self, value: str) -> bool:
        known = next((it for it in self._open if hmac.compare_digest(it, value)), None)
        if known is not None:
            self._open.remove(known)
        return known is not None


def _result(*, approved: bool) -> Reply:
    if approved:
        said = "You can close this page: your terminal goes on by itself."
        return _page("Congratulations, you are all set", f'<p role="status">{said}</p>')
    said = "Nothing was authorized. You can close this page."
    return _page("Sign-in denied", f'<p role="status">{said}</p>')


def _page(title: str, content: str, status: int = 200) -> Reply:
    html = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title} · simulator</title><style>{_STYLE}</style></head>\n"
        f"<body><main><h1>{title}</h1>\n{content}\n{_NOTE}</main></body></html>\n"
    )
    return Reply(status, _SECURITY, html.encode())
