"""The state machine behind both fronts: it routes, plays faults, answers, and keeps the log."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from copilot_cli.simulator import framing, github
from copilot_cli.simulator.accounts import Accounts
from copilot_cli.simulator.byok import ROUTES, Byok
from copilot_cli.simulator.copilot import Copilot
from copilot_cli.simulator.crossings import Crossing, Watch
from copilot_cli.simulator.device import DeviceLogin
from copilot_cli.simulator.hosts import Place, moved, place
from copilot_cli.simulator.library import Library
from copilot_cli.simulator.pages import DevicePage
from copilot_cli.simulator.refusals import REFUSALS
from copilot_cli.simulator.reply import Reply, Request, Watched, text_reply
from copilot_cli.simulator.scenario import ENDPOINTS, Answer, Fault, Scenario, Seen
from copilot_cli.simulator.serving import Speaker

if TYPE_CHECKING:
    import httpx


class _Route(NamedTuple):
    """One endpoint: where it lives (`room`) and what answers it."""

    endpoint: str
    room: str
    method: str
    path: str
    answer: Callable[[Request, Place], Reply]


class Simulator:
    """A stand-in for GitHub and Copilot. `now` gives unix seconds and drives every expiry.

    All methods may be called from any thread. See docs/simulator.md.
    """

    def __init__(
        self, scenario: Scenario | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self.scenario = scenario or Scenario()
        self.log: list[Seen] = []
        self.crossings: list[Crossing] = []
        self._now = now
        self._changed = threading.Condition(threading.RLock())
        self._faults: dict[str, list[Fault]] = {name: [] for name in ENDPOINTS}
        self._accounts = Accounts(self.scenario, now)
        self._device = DeviceLogin(self.scenario, self._accounts, now)
        self._github = github.GitHub(self.scenario, self._accounts, now)
        self._watch = Watch(self._accounts.homes, self.scenario)
        self._speaker = Speaker(now, Library())
        self._copilot = Copilot(
            self.scenario, self._accounts, now, self._speaker, self._github.quota_headers
        )
        self._routes = self._table(DevicePage(self._device, self.scenario))

    def _table(self, page: DevicePage) -> list[_Route]:
        device, rest, copilot = self._device, self._github, self._copilot
        byok = Byok(self.scenario, self._speaker)
        return [
            _Route("device_code", "web", "POST", r"/login/device/code", device.request_code),
            _Route("device_token", "web", "POST", r"/login/oauth/access_token", device.token),
            _Route("device_page", "web", "GET", r"/login/device", page.show),
            _Route("device_page", "web", "POST", r"/login/device", page.submit),
            _Route("user", "rest", "GET", r"/user", rest.user),
            _Route("exchange", "rest", "GET", r"/copilot_internal/v2/token", rest.exchange),
            _Route("quota", "rest", "GET", r"/copilot_internal/user", rest.quota),
            _Route("models", "copilot", "GET", r"/models", copilot.models),
            _Route("session", "copilot", "POST", r"/models/session", copilot.session),
            _Route("policy", "copilot", "POST", r"/models/[^/]+/policy", copilot.policy),
            _Route("chat", "copilot", "POST", r"/chat/completions", copilot.chat),
            _Route("responses", "copilot", "POST", r"(?:/v1)?/responses", copilot.responses),
            _Route("messages", "copilot", "POST", r"/v1/messages", copilot.messages),
            *(
                _Route(name, name.partition("_")[0], method, path, byok.answerer(name))
                for name, method, path in ROUTES
            ),
        ]

    def handle(self, request: Request) -> Reply:
        """Answer one request. ValueError for a host that the simulator does not stand in for."""
        found = place(request.host)
        if found is None:
            raise ValueError(f"the simulator does not stand in for {request.host}")
        where, path = moved(found, request.path)
        with self._changed:
            self.crossings += self._watch.crossings(request, where)
            request = request._replace(path=path)
            route = self._find(request, where)
            seen = self._record(request, route)
            reply = self._play(request, where, route)
            seen.status = reply.status
            self._changed.notify_all()
        return self._finished(reply, seen, where)

    def _find(self, request: Request, where: Place) -> _Route | None:
        for route in self._routes:
            at_home = where.room in (route.room, "any") and route.method == request.method
            if at_home and re.fullmatch(route.path, request.path):
                return route
        return None

    def _record(self, request: Request, route: _Route | None) -> Seen:
        seen = Seen(
            endpoint=route.endpoint if route else "unknown",
            method=request.method,
            host=request.host,
            path=request.path,
            headers=dict(request.headers),
            body=request.body,
            at=self._now(),
            query=request.query,
        )
        self.log.append(seen)
        return seen

    def _play(self, request: Request, where: Place, route: _Route | None) -> Reply:
        if route is None:
            is_rest = where.room == "rest"
            return github.not_found() if is_rest else text_reply("404 page not found\n", 404)
        waiting = self._faults.get(route.endpoint, [])
        fault = waiting.pop(0) if waiting else Fault()
        scripted = fault.reply()
        if scripted is not None:
            return scripted
        return route.answer(request, where)._replace(delay=fault.delay)

    def _finished(self, reply: Reply, seen: Seen, where: Place) -> Reply:
        moment = datetime.fromtimestamp(self._now() + self.scenario.clock_skew, UTC)
        request_id = secrets.token_hex(16)
        extra = {"date": format_datetime(moment, usegmt=True), "x-request-id": request_id}
        if where.room != "copilot":
            extra["x-github-request-id"] = request_id.upper()
        if not isinstance(reply.body, bytes):
            reply = reply._replace(body=Watched(reply.body, lambda: self._aborted(seen)))
        return reply.with_headers(extra)

    def _aborted(self, seen: Seen) -> None:
        with self._changed:
            seen.aborted = True
            self._changed.notify_all()

    def transport(self) -> httpx.BaseTransport:
        """The front for unit tests: an httpx transport that routes by host name."""
        from copilot_cli.simulator.transport import SimulatorTransport

        return SimulatorTransport(self.handle)

    def fault(
        self,
        endpoint: str,
        *,
        status: int | None = None,
        body: str | bytes | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        error: str | None = None,
        interval: int | None = None,
        drop: bool = False,
        delay: float = 0.0,
        connect_error: bool = False,
        cut_after: int | None = None,
        refusal: str | None = None,
        times: int = 1,
    ) -> None:
        """Script a failure of one endpoint; several are played in order, before the normal answer.

        `error` is an OAuth error (HTTP 200), `drop` closes the connection without a reply,
        `connect_error` refuses it, `delay` (seconds) alone only makes the normal answer late,
        `cut_after` breaks off after so many bytes. `refusal` is a name of `REFUSALS`: the Copilot
        host's own words. ValueError for an endpoint or a refusal that is not known.
        """
        if refusal is not None and refusal not in REFUSALS:
            raise ValueError(f"no refusal {refusal!r}; there are: {', '.join(REFUSALS)}")
        if endpoint not in ENDPOINTS:
            raise ValueError(f"no endpoint {endpoint!r}; there are: {', '.join(ENDPOINTS)}")
        made = Fault(
            status, body, headers or {}, error, interval, drop, delay, connect_error, cut_after,
            refusal,
        )  # fmt: skip
        with self._changed:
            self._faults[endpoint].extend([made] * times)

    def answer(
        self,
        text: str | None = None,
        *,
        deltas: Sequence[str] | None = None,
        reasoning: str | None = None,
        tool_calls: Sequence[tuple[str, str]] = (),
        quirk: str | Sequence[str] = (),
        finish: str | None = None,
        usage: Mapping[str, Any] | None = None,
        cut_after: int | None = None,
        pause_after: tuple[int, float | threading.Event] | None = None,
        raw: bytes | None = None,
        batch: int = 1,
        refusal: str | None = None,
    ) -> None:
        """Script the next answer, whichever model is asked on whichever wire; they keep order.

        `tool_calls` are (name, JSON arguments). `cut_after` breaks the connection after so many
        deltas, `pause_after` is (deltas, seconds or an event to wait for), `raw` the exact bytes of
        the stream, `batch` the events per write. ValueError for an unknown quirk.
        """
        framing.quirks(quirk)
        made = Answer(
            text, deltas, reasoning, tuple(tool_calls), quirk, finish, usage, cut_after,
            pause_after, raw, batch, refusal,
        )  # fmt: skip
        with self._changed:
            self._speaker.answers.append(made)

    def unused(self) -> list[str]:
        """What was scripted and never asked for; a test that ends with some has not run its way."""
        with self._changed:
            left = [f"fault of {name}" for name, faults in self._faults.items() for _ in faults]
            return left + ["answer"] * len(self._speaker.answers)

    def pending(self) -> list[str]:
        """The user codes that wait for a person, oldest first."""
        with self._changed:
            return [login.user_code for login in self._device.pending()]

    def approve(self, user_code: str, login: str | None = None) -> bool:
        """Approve a sign-in as the person at the device page would; False: no such code waits."""
        return self._decide(user_code, approve=True, login=login)

    def deny(self, user_code: str) -> bool:
        """Deny a sign-in; False if no such code waits."""
        return self._decide(user_code, approve=False)

    def _decide(self, user_code: str, *, approve: bool, login: str | None = None) -> bool:
        with self._changed:
            return self._device.decide(user_code, approve=approve, login=login)

    def sign_in(
        self, login: str | None = None, kind: str = "ghu_", domain: str = "github.com"
    ) -> str:
        """A GitHub token that is already good, without the device login."""
        with self._changed:
            return self._accounts.issue(login or self.scenario.login, kind, domain).value

    def revoke(self, token: str) -> bool:
        """Make a GitHub, refresh or Copilot token worthless; False if there is none like it."""
        with self._changed:
            return self._accounts.revoke(token)

    def secrets(self) -> frozenset[str]:
        """Every secret given out so far, so that a test can look for them where none may be."""
        with self._changed:
            return frozenset(self._accounts.homes)

    def wait(self, until: Callable[[], bool], timeout: float = 10.0) -> bool:
        """Wait (at most `timeout` seconds) until the log shows something; False if it did not."""
        with self._changed:
            return self._changed.wait_for(until, timeout)
