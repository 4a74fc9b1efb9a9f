"""Which proxy a request takes: the proxy variables, `NO_PROXY`, and the system's own settings.

Rule: the environment is what the program was given, never `os.environ`, and an address on this
machine takes no proxy. The user name and the password of a proxy are no part of any text here: what
is wrong with a variable is said without its value.

The names are those of curl: lower case wins over upper case, and one that is set and empty means no
proxy. Sources: https://curl.se/libcurl/c/CURLOPT_NOPROXY.html, https://go.dev/pkg/net/http
(ProxyFromEnvironment); no standard says it.
"""

import ipaddress
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from copilot_cli.errors import SettingsError
from copilot_cli.kinds import is_loopback
from copilot_cli.patterns import pattern
from copilot_cli.secret import Secret
from copilot_cli.values import NamedTuple

VARIABLES = ("https_proxy", "http_proxy", "all_proxy", "no_proxy")
SYSTEM = "the system's proxy settings"
"""Where a proxy comes from that no variable names."""

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_HOST = pattern(r"(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>\d{1,5}))?/?", re.IGNORECASE)
_FORM = "http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with special characters as %XX"

SystemProxies = Callable[[], Mapping[str, str]]


class Proxy(NamedTuple):
    """One proxy: where it is, who we are to it, and what named it."""

    scheme: str
    host: str
    port: int
    login: tuple[str, Secret] | None
    variable: str

    def __repr__(self) -> str:
        return f"Proxy({self.address})"  # the user name is nobody's business either

    @property
    def address(self) -> str:
        """HOST:PORT, as messages name it."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The address without user name and password."""
        return f"{self.scheme}://{self.address}"

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS."""
        return self.scheme.startswith("socks")


class Rules(NamedTuple):
    """The variables in force, each as (its own name, its value); the value may hold a password."""

    proxies: Mapping[str, tuple[str, str]]
    exceptions: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Rules({sorted(self.proxies)})"

    def find(self, url: str) -> Proxy | None:
        """Return the proxy for `url`, None for a direct way. Raises `SettingsError`."""
        parts = urlsplit(url)
        if not parts.hostname or is_loopback(parts.netloc.rpartition("@")[2]):
            return None
        named = self.proxies.get(parts.scheme) or self.proxies.get("all")
        if named is None or self.excepts(parts.hostname, parts.port or _PORTS.get(parts.scheme, 0)):
            return None
        return parse(*named)

    def excepts(self, host: str, port: int) -> bool:
        """Say whether NO_PROXY takes `host` (without brackets) at `port` out."""
        return any(_matches(item, host.lower().rstrip("."), port) for item in self.exceptions)


def system_proxies() -> Mapping[str, str]:
    """Return what macOS or Windows are set to, by scheme; nothing on other systems."""
    if sys.platform == "darwin":
        from urllib.request import getproxies_macosx_sysconf

        return getproxies_macosx_sysconf()
    if sys.platform == "win32":
        from urllib.request import getproxies_registry

        return getproxies_registry()
    return {}


def rules(environ: Mapping[str, str], system: SystemProxies = system_proxies) -> Rules:
    """Return the rules that `environ` sets; where it names no proxy at all, those of the system."""
    found = {name: _variable(name, environ) for name in VARIABLES}
    proxies = {
        name.removesuffix("_proxy"): each
        for name, each in found.items()
        if each is not None and each[1] and name != "no_proxy"
    }
    if not any(found[name] for name in VARIABLES[:3]):
        proxies = {
            scheme: (SYSTEM, value)
            for scheme, value in system().items()
            if scheme in {"http", "https"} and value
        }
    _, value = found["no_proxy"] or ("", "")
    return Rules(proxies, tuple(value.replace(",", " ").split()))


def _variable(name: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the variable's own name and its value, None where it is not set in either case."""
    for spelling in (name, name.upper()):
        if spelling in environ:
            return spelling, environ[spelling].strip()
    return None


def parse(variable: str, value: str) -> Proxy:
    """Return the proxy that `value` describes; a bare HOST:PORT is one that speaks HTTP.

    Raises `SettingsError` (exit 2) naming `variable` and not the value: what looks like a host may
    be the end of a password that was not encoded.
    """
    scheme, found, rest = value.partition("://")
    if not found:
        scheme, rest = "http", value
    scheme = scheme.lower()
    if scheme not in _PORTS:
        raise _malformed(variable, f"the scheme must be one of {', '.join(_PORTS)}")
    userinfo, _, place = rest.rpartition("@")
    match = _HOST.fullmatch(place)
    # A `/`, `?` or `#` before the `@` ends the host for whoever reads addresses by the book.
    if match is None or re.search(r"[/?#\s]", userinfo):
        raise _malformed(variable, "it is no address of a proxy")
    port = int(match["port"]) if match["port"] else _PORTS[scheme]
    if not 0 < port < 65536 or not _is_address(match["host"]):
        raise _malformed(variable, "it is no address of a proxy")
    user, _, password = userinfo.partition(":")
    login = (unquote(user), Secret(unquote(password))) if userinfo else None
    return Proxy(scheme, match["host"].lower(), port, login, variable)


def _is_address(host: str) -> bool:
    if not host.startswith("["):
        return True
    with suppress(ValueError):
        ipaddress.IPv6Address(host[1:-1])
        return True
    return False


def _malformed(variable: str, what: str) -> SettingsError:
    return SettingsError(
        f"{variable} cannot be used: {what}", hint=f"set {variable} to {_FORM}; or unset it"
    )


def _matches(item: str, host: str, port: int) -> bool:
    """Say whether one item of NO_PROXY takes `host` at `port` out.

    `*`; a name, which means all below it too, with or without a dot or `*.` before it; an address;
    a network (`10.0.0.0/8`, `fd00::/8`), which addresses match and names do not; each with a port.
    """
    if item == "*":
        return True
    name, wanted = _split_port(item.rpartition("://")[2].lower())
    if wanted is not None and wanted != port:
        return False
    with suppress(ValueError):
        network = ipaddress.ip_network(name.strip("[]"), strict=False)
        with suppress(ValueError):
            return ipaddress.ip_address(host) in network
        return False
    name = name.removeprefix("*").strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _split_port(item: str) -> tuple[str, int | None]:
    """Part a port from what stands before it; an IPv6 address has one only after its brackets."""
    head, colon, tail = item.rpartition(":")
    is_port = colon and tail.isascii() and tail.isdigit() and len(tail) <= 5
    if is_port and (":" not in head or head.endswith("]")):
        return head, int(tail)
    return item, None
