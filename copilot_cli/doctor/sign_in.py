"""The sign-in: which token wins, whether it is taken, what the plan and the models are.

Each request is made once and nothing of what comes is kept: no cache is written.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from copilot_cli.doctor.check import Check, NotChecked
from copilot_cli.doctor.examination import Examination
from copilot_cli.errors import CopilotChatError, StoreError

if TYPE_CHECKING:
    from copilot_cli.auth.plan import Plan
    from copilot_cli.auth.sources import Source
    from copilot_cli.messages import ModelInfo
    from copilot_cli.secret import Secret

_ONBOARD = "copilot-chat onboard"
_UNREACHED = "GitHub's API cannot be reached"


def source(examination: Examination) -> Iterator[Check]:
    """Which source supplies the token, its kind, and what it hides; never a value."""
    _ = examination.settings
    try:
        resolved = examination.app.access.resolved
        names = examination.app.vault.store.names()
    except CopilotChatError as error:
        yield Check("sign-in", "fail", error.message, error.hint)
        return
    examination.private.account(*(name.user for name in names if name.kind == "github"))
    found = resolved.source
    if found is None:
        yield _nobody(examination, [hidden.name for hidden in resolved.hidden])
        return
    if found.problem:
        yield Check(
            "sign-in", "fail", f"{_where(found)}: {found.problem}", found.remedy or _ONBOARD
        )
        return
    detail = f"{_where(found)} for {examination.settings.host}{_kind(examination, found)}"
    hidden = ", ".join(dict.fromkeys(_where(each) for each in resolved.hidden))
    if hidden:
        detail += f"; hides {hidden}"
    if any(each.kind == "stored" for each in resolved.hidden):
        fix = f"unset {found.name} where the stored sign-in should count"
        yield Check("sign-in", "warn", detail, fix)
    else:
        yield Check("sign-in", "pass", detail)


def _nobody(examination: Examination, unused: list[str]) -> Check:
    host = examination.settings.host
    detail = f"nobody is signed in to {host}"
    if unused:
        detail += f"; not used: {', '.join(unused)}"
    if examination.app.endpoints.names():
        return Check("sign-in", "pass", f"{detail}: your own endpoints answer")
    return Check("sign-in", "fail", detail, _ONBOARD)


def _where(found: "Source") -> str:
    return "the stored sign-in" if found.kind == "stored" else found.where


def _kind(examination: Examination, found: "Source") -> str:
    """Return what kind of token it is, opening the store for it only where nobody is asked."""
    from copilot_cli.auth.sources import token_kind

    closed = examination.app.vault.needs_passphrase or examination.keyring_keeps_shut
    if found.token is None and (closed or examination.offline):  # it may have to be renewed first
        return ""
    access = examination.app.access
    try:
        if found.token is None:
            examination.github = examination.within("GitHub", access.known_token)
        else:
            examination.github = found.token
    except (CopilotChatError, NotChecked):
        return ""  # what keeps it closed is told by the checks of the store and of the exchange
    kind = token_kind(examination.github)
    return f": {kind.name} ({kind.prefix}…)" if kind.prefix else f": {kind.name}"


def exchange(examination: Examination) -> Iterator[Check]:
    """Whether GitHub takes the token: one exchange, or a look-up for one that is a bearer."""
    from copilot_cli.auth.sources import token_kind

    token = _token(examination)
    recorded = failure_in_force(examination)
    if recorded is not None:
        raise NotChecked("a failure that is still heeded, see limits, says how it would end")
    app = examination.app
    if not examination.reaches(examination.settings.rest_url()):
        raise NotChecked(_UNREACHED)
    try:
        copilot = examination.within(
            "GitHub", lambda: app.access.exchange(token, seconds=examination.left())
        )
    except CopilotChatError as error:
        yield Check("exchange", "fail", error.message, error.hint)
        return
    examination.copilot = copilot
    if copilot.bearer:
        detail = f"{token_kind(token).name} is a bearer itself"
    else:
        minutes = (copilot.exp_local - copilot.obtained) / 60
        detail = f"a Copilot token for {minutes:.0f} min"
    yield Check("exchange", "pass", f"GitHub takes it: {detail}, for {copilot.api}")


def _token(examination: Examination) -> "Secret":
    if examination.github is None:
        raise NotChecked("--offline" if examination.offline else "there is no token to try")
    return examination.github


def plan(examination: Examination) -> Iterator[Check]:
    """The plan and what is left of its quota; the endpoint is nobody's promise."""
    from copilot_cli.auth.plan import fetch_copilot_user

    token, app, settings = _token(examination), examination.app, examination.settings
    if examination.copilot is None:
        reached = examination.reaches(settings.rest_url())
        raise NotChecked("GitHub did not take the token" if reached else _UNREACHED)
    headers = app.access.github_headers(token)
    try:
        found = examination.within(
            "GitHub",
            lambda: fetch_copilot_user(app.client, settings.rest_url(), token, headers=headers),
        )
    except CopilotChatError as error:
        fix = error.hint or "asking and chatting do not need it"
        yield Check("plan", "warn", error.message, fix)
        return
    examination.private.account(found.login or "", *found.organizations)
    yield _plan(found)


def _plan(found: "Plan") -> Check:
    counted = [quota for quota in found.quotas if quota.left != "unlimited"]
    quotas = [f"{quota.name.replace('_', ' ')} {quota.left}" for quota in counted]
    detail = "; ".join([found.plan or "not told", *quotas])
    if found.chat_enabled is False:
        fix = "ask who administers the plan, or see https://github.com/settings/copilot"
        return Check("plan", "fail", f"{detail}; chat is switched off", fix)
    if any(quota.entitlement and (quota.share == 0) for quota in counted):
        day = found.reset_day
        fix = f"it starts anew on {day}" if day else "see `copilot-chat usage`"
        return Check("plan", "warn", f"{detail}; a quota is used up", fix)
    return Check("plan", "pass", detail)


def models(examination: Examination) -> Iterator[Check]:
    """The live list: how many can be used, the default, and whether the set one can be."""
    from copilot_cli.engines.models import parse_models

    _ = examination.settings
    if examination.copilot is None:
        yield _kept_models(examination)
        return
    try:
        reply = examination.within("Copilot's API", lambda: _reply(examination))
    except CopilotChatError as error:
        yield Check("models", "fail", error.message, error.hint)
        return
    yield _models(examination, parse_models(reply))


def _reply(examination: Examination) -> dict[str, object]:
    from copilot_cli.engines.failure import Failure
    from copilot_cli.engines.model_list import fetch_models

    app, copilot = examination.app, examination.copilot
    assert copilot is not None
    headers = {
        **app.access.identity(copilot),
        "Authorization": f"Bearer {copilot.token.reveal()}",
    }
    try:
        return fetch_models(app.client, copilot.api, headers, now=app.effects.now())
    except Failure as failure:
        raise failure.error from failure


def _kept_models(examination: Examination) -> Check:
    """Say what was read before, where the service is not asked now."""
    from copilot_cli.listed_models import ago

    catalogue = examination.app.catalogue
    kept = catalogue.kept(None)
    if kept is None:
        raise NotChecked("no list was read yet")
    check = _models(examination, kept.models)
    return check._replace(detail=f"{check.detail}; read {ago(catalogue.age(kept))}")


def _models(examination: Examination, found: "list[ModelInfo]") -> Check:
    from copilot_cli.engines.models import default_model

    usable = [model.id for model in found if model.disabled is None]
    default = default_model(found)
    if default is None:
        fix = "see `copilot-chat models` for the reasons"
        return Check("models", "fail", f"{len(found)} listed, and none can be used", fix)
    detail = f"{len(usable)} of {len(found)} can be used, the default is {default.id}"
    wanted = examination.settings.model
    route = examination.app.route
    if not wanted or route.engine != "direct" or not route.model:
        return Check("models", "pass", detail)
    chosen = next((model for model in found if model.id == route.model), None)
    if chosen is None:
        fix = "choose one of `copilot-chat models`: copilot-chat config set model ID"
        return Check("models", "warn", f"{detail}; {wanted} is not in the list", fix)
    if chosen.disabled:
        fix = chosen.page or "choose another: copilot-chat config set model ID"
        return Check("models", "fail", f"{detail}; {wanted} cannot be used: {chosen.disabled}", fix)
    return Check("models", "pass", f"{detail}; {wanted} can be used")


def limits(examination: Examination) -> Iterator[Check]:
    """Whether a failure of the exchange is written down that all processes heed."""
    _token(examination)
    recorded = failure_in_force(examination)
    if recorded is None:
        yield Check("limits", "pass", "no failure is heeded")
        return
    until, why, hint = recorded
    seconds = until - examination.app.effects.now()
    detail = f"for {seconds:.0f} s more nobody asks GitHub for a token: {why}"
    yield Check("limits", "warn", detail, hint or f"wait {seconds:.0f} s")


def failure_in_force(examination: Examination) -> tuple[float, str, str | None] | None:
    """Return until when a recorded failure holds, why, and its hint; None where there is none."""
    from copilot_cli.auth.shared_failure import in_force

    found = examination.app.access.resolved.source
    if found is None or found.problem:
        return None
    try:
        record = examination.app.access.token_cache(found).read()
    except StoreError:
        return None
    fail = in_force(record, examination.app.effects.now())
    return None if fail is None else (fail.until, fail.why, fail.hint)
