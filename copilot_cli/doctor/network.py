"""The network: proxies and certificates in force, every address asked once, and the clock.

Nothing but a HEAD without any credential is sent here.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from copilot_cli import proxies
from copilot_cli.doctor.check import Check, NotChecked
from copilot_cli.doctor.examination import Examination, Probe
from copilot_cli.errors import CopilotChatError, SettingsError

SKEW = 60.0
"""Seconds by which the clock may be wrong before it matters to certificates and tokens."""


def proxy(examination: Examination) -> Iterator[Check]:
    """The proxies that the variables or the system name, without who we are to them."""
    environ = examination.app.effects.environ
    rules = proxies.rules(environ)
    shown = []
    try:
        for scheme, named in rules.proxies.items():
            found = proxies.parse(*named)
            login = " with a login" if found.login else ""
            shown.append(f"{found.variable} {found.url}{login} for {scheme}")
            if found.is_socks and not _has_socks():
                fix = "pip install 'copilot-chat[socks]'"
                detail = f"{found.variable} names a SOCKS proxy, which needs one more package"
                yield Check("proxy", "fail", detail, fix)
                return
    except SettingsError as error:
        yield Check("proxy", "fail", error.message, error.hint)
        return
    if shown and rules.exceptions:
        shown.append(f"NO_PROXY excepts {len(rules.exceptions)}")
    yield Check("proxy", "pass", "; ".join(shown) or "none is set")


def _has_socks() -> bool:
    from importlib.util import find_spec

    return find_spec("socksio") is not None


def certificates(examination: Examination) -> Iterator[Check]:
    """What is trusted: a variable's certificates, the system's, or those that httpx brings."""
    from copilot_cli.network import authority, trust

    environ = examination.app.effects.environ
    try:
        context = trust(environ)
    except SettingsError as error:
        yield Check("certificates", "fail", error.message, error.hint)
        return
    name = authority(environ)
    if name:
        count = len(context.get_ca_certs())
        many = f"certificates: {count}" if count else "a folder of certificates"
        yield Check("certificates", "pass", f"{name}: {Path(environ[name])}, {many}")
    elif type(context).__module__.startswith("truststore"):
        yield Check("certificates", "pass", "the system's trust store")
    else:
        yield Check("certificates", "pass", "certifi's: this system has none of its own")


def github(examination: Examination) -> Iterator[Check]:
    """The web site that signs people in; every other address is asked at the same time."""
    settings = examination.settings
    urls = [settings.login_url(), settings.rest_url(), copilot_api(examination)]
    with suppress(CopilotChatError):  # an endpoint that is set wrongly is told by its own check
        urls += [address for _, address in _endpoints(examination)]
    examination.ask(*urls)
    yield _reached("github", examination, settings.login_url())


def rest(examination: Examination) -> Iterator[Check]:
    """GitHub's REST API: the exchange, the plan."""
    yield _reached("github-api", examination, examination.settings.rest_url())


def copilot(examination: Examination) -> Iterator[Check]:
    """Copilot's API, at the host that the sign-in names."""
    yield _reached("copilot-api", examination, copilot_api(examination))


def endpoints(examination: Examination) -> Iterator[Check]:
    """Each endpoint of the person's own; no key goes there."""
    for name, address in _endpoints(examination):
        yield _reached(f"endpoint-{name}", examination, address)


def _endpoints(examination: Examination) -> list[tuple[str, str]]:
    _ = examination.settings
    found = examination.app.endpoints.all()
    return [(endpoint.name, endpoint.base_url) for endpoint in found]


def copilot_api(examination: Examination) -> str:
    """Return the address of Copilot's API: set, told by the sign-in, or the host's usual one."""
    from copilot_cli.auth.exchange import api_host

    settings = examination.settings
    if examination.copilot is not None:
        return examination.copilot.api
    return settings.copilot_api() or api_host({}, "", settings.rest_url())


def _reached(name: str, examination: Examination, url: str) -> Check:
    """Return whether `url` answers, how fast, and by which way."""
    try:
        probe = examination.probe(url)
    except CopilotChatError as error:
        if error.kind == "offline":
            raise NotChecked("COPILOT_OFFLINE is set") from None
        return Check(name, "fail", error.message, error.hint)
    detail = f"{url} answers in {probe.seconds * 1000:.0f} ms"
    found = proxies.rules(examination.app.effects.environ).find(url)
    if found is not None:
        detail += f", through {found.address}"
    return _judged(name, url, probe, detail)


def _judged(name: str, url: str, probe: Probe, detail: str) -> Check:
    elsewhere = _host(url, probe.location)
    if 300 <= probe.status < 400 and elsewhere and not _related(elsewhere, url):
        fix = "open a page in a browser: a login page of the network may want an answer first"
        return Check(name, "warn", f"{url} leads to {elsewhere}", fix)
    if probe.status == 511:  # RFC 6585, section 6
        return Check(
            name, "fail", f"{detail}: the network wants a login", "open a page in a browser"
        )
    if probe.status >= 500:
        fix = "try again later; https://www.githubstatus.com says more of GitHub's own"
        return Check(name, "warn", f"{detail}, with status {probe.status}", fix)
    return Check(name, "pass", detail)


def _host(url: str, location: str) -> str | None:
    """Return the host that a redirect of `url` names, None for none that can be read."""
    try:
        return urlsplit(urljoin(url, location)).hostname
    except ValueError:
        return None


def _related(host: str, url: str) -> bool:
    """Say whether a redirect stays with the same owner, as `github.com` to `www.github.com`."""
    here = urlsplit(url).hostname or ""
    return host.split(".")[-2:] == here.split(".")[-2:]


def clock(examination: Examination) -> Iterator[Check]:
    """How far this machine's clock is from the server's."""
    settings = examination.settings
    for url in (settings.rest_url(), settings.login_url(), copilot_api(examination)):
        if examination.reaches(url):
            probe = examination.probe(url)
            skew = _skew(probe)
            if skew is not None:
                yield _clock(skew)
                return
    raise NotChecked("no server told the time")


def _skew(probe: Probe) -> float | None:
    """Return the seconds by which this clock is ahead; a server's date has whole seconds."""
    from copilot_cli.auth.rest import http_date

    told = http_date(probe.date)
    return None if told is None else probe.asked_at - told


def _clock(skew: float) -> Check:
    if abs(skew) <= SKEW:
        return Check("clock", "pass", f"within {max(abs(skew), 1):.0f} s of the server's")
    where = "ahead of" if skew > 0 else "behind"
    detail = (
        f"{_long(abs(skew))} {where} the server's: certificates may seem to be expired or not valid"
        " yet, and stored times are wrong"
    )
    return Check("clock", "warn", detail, "set the clock, best by NTP, and the time zone")


def _long(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
