"""The proxy variables: which proxy an address takes, and what a bad one says without its value."""

import pytest

from copilot_cli.errors import SettingsError
from copilot_cli.proxies import SYSTEM, parse, rules

PASSWORD = "madeUpProxyPassword"  # made up
PROXY = f"http://user:{PASSWORD}@proxy.example:3128"
API = "https://api.example/chat"


def taken(url: str = API, **environ: str) -> str | None:
    """Return the address of the proxy that `url` takes."""
    proxy = rules(environ, dict).find(url)
    return proxy.address if proxy else None


CHOSEN: dict[str, tuple[dict[str, str], str, str | None]] = {
    "none": ({}, API, None),
    "https": ({"HTTPS_PROXY": PROXY}, API, "proxy.example:3128"),
    "lower case": ({"https_proxy": PROXY}, API, "proxy.example:3128"),
    "lower case wins": ({"HTTPS_PROXY": PROXY, "https_proxy": "b:1"}, API, "b:1"),
    "set and empty": ({"HTTPS_PROXY": PROXY, "https_proxy": ""}, API, None),
    "for all": ({"ALL_PROXY": PROXY}, API, "proxy.example:3128"),
    "for all, lower case": ({"all_proxy": "b:1"}, API, "b:1"),
    "its own before that for all": ({"ALL_PROXY": PROXY, "HTTPS_PROXY": "b:1"}, API, "b:1"),
    "of another scheme": ({"HTTP_PROXY": PROXY}, API, None),
    "http": ({"HTTP_PROXY": PROXY}, "http://lan.example:8080/v1", "proxy.example:3128"),
    "no scheme": ({"HTTPS_PROXY": f"user:{PASSWORD}@p:1"}, API, "p:1"),
    "no port": ({"HTTPS_PROXY": "http://p"}, API, "p:80"),
    "https to the proxy": ({"HTTPS_PROXY": "https://p"}, API, "p:443"),
    "socks": ({"ALL_PROXY": "socks5h://p"}, API, "p:1080"),
    "IPv6": ({"HTTPS_PROXY": "http://[fd00::1]:3128/"}, API, "[fd00::1]:3128"),
    "blank": ({"HTTPS_PROXY": "  "}, API, None),
    "spaces around": ({"HTTPS_PROXY": " http://p:1 "}, API, "p:1"),
    "loopback": ({"ALL_PROXY": PROXY, "HTTP_PROXY": PROXY}, "http://127.0.0.1:9/", None),
    "all of 127/8": ({"ALL_PROXY": PROXY}, "https://127.8.9.1/", None),
    "localhost": ({"ALL_PROXY": PROXY}, "http://LOCALHOST:80/", None),
    "loopback of IPv6": ({"ALL_PROXY": PROXY}, "http://[::1]:9/", None),
    "a name like loopback": ({"ALL_PROXY": "p:1"}, "http://127.0.0.1.evil.example/", "p:1"),
}


@pytest.mark.parametrize(("environ", "url", "expected"), CHOSEN.values(), ids=CHOSEN)
def test_the_proxy_an_address_takes(
    environ: dict[str, str], url: str, expected: str | None
) -> None:
    """As curl does; and an address on this machine takes none."""
    assert taken(url, **environ) == expected


EXCEPTED: dict[str, tuple[str, str, bool]] = {
    "everything": ("*", API, True),
    "everything, among others": ("a.example, *", API, True),
    "the host": ("api.example", API, True),
    "whatever its case": ("API.Example", "https://Api.EXAMPLE/", True),
    "what is above it": ("example", API, True),
    "with a dot": (".example", API, True),
    "with a star": ("*.example", API, True),
    "a dot, and the name itself": (".api.example", API, True),
    "the end of a name": ("pi.example", API, False),
    "what is below it": ("v1.api.example", API, False),
    "another": ("other.example", API, False),
    "a list with blanks": ("other.example , api.example", API, True),
    "a list of words": ("other.example api.example", API, True),
    "the port": ("api.example:443", API, True),
    "another port": ("api.example:8443", API, False),
    "a port that is set": (".example:8443", "https://api.example:8443/", True),
    "with a scheme": ("https://api.example", API, True),
    "a dot at the end": ("api.example.", "https://api.example./", True),
    "nothing": ("", API, False),
    "a comma": (",", API, False),
    "a dot": (".", API, False),
    "an address": ("10.1.2.3", "https://10.1.2.3/", True),
    "an address and its port": ("10.1.2.3:8080", "http://10.1.2.3:8080/", True),
    "an address that begins alike": ("10.1.2.3", "https://10.1.2.30/", False),
    "a network": ("10.0.0.0/8", "https://10.1.2.3/", True),
    "a network, by one of its addresses": ("10.9.9.9/8", "https://10.1.2.3/", True),
    "another network": ("10.0.0.0/16", "https://10.1.2.3/", False),
    "a network and a name": ("10.0.0.0/8", API, False),
    "IPv6": ("fd00::1", "https://[fd00::1]/", True),
    "IPv6 in brackets": ("[fd00::1]", "https://[fd00::1]:8080/", True),
    "IPv6 and its port": ("[fd00::1]:8080", "https://[fd00::1]:8080/", True),
    "IPv6 and another port": ("[fd00::1]:8080", "https://[fd00::1]/", False),
    "IPv6 written differently": ("fd00:0:0::1", "https://[fd00::1]/", True),
    "a network of IPv6": ("fd00::/8", "https://[fd12::1]/", True),
    "IPv4 in a network of IPv6": ("fd00::/8", "https://10.1.2.3/", False),
}


@pytest.mark.parametrize(("no_proxy", "url", "excepted"), EXCEPTED.values(), ids=EXCEPTED)
def test_what_no_proxy_takes_out(no_proxy: str, url: str, excepted: bool) -> None:
    """Names with all below them, addresses, networks, each with a port; in both spellings."""
    for name in ("NO_PROXY", "no_proxy"):
        environ = {"HTTPS_PROXY": "p:1", "HTTP_PROXY": "p:1", name: no_proxy}
        assert taken(url, **environ) == (None if excepted else "p:1")


MALFORMED = {
    "a port that is none": f"http://user:{PASSWORD}@proxy.example:port",
    "a port too high": f"http://user:{PASSWORD}@proxy.example:99999",
    "port 0": f"http://user:{PASSWORD}@proxy.example:0",
    "an unknown scheme": f"gopher://user:{PASSWORD}@proxy.example:1",
    "SOCKS 4": f"socks4://user:{PASSWORD}@proxy.example:1",
    "a slash in the password": f"http://user:a/{PASSWORD}@proxy.example:1",
    "a hash in the password": f"http://user:a#{PASSWORD}@proxy.example:1",
    "a question mark in the password": f"http://user:a?{PASSWORD}@proxy.example:1",
    "a blank in the password": f"http://user:a {PASSWORD}@proxy.example:1",
    "a path": f"http://user:{PASSWORD}@proxy.example:1/proxy.pac",
    "no host": f"http://user:{PASSWORD}@:1",
    "half of IPv6": f"http://user:{PASSWORD}@[fd00::1",
    "no IPv6": f"http://user:{PASSWORD}@[fd00:::1]:1",
    "a password alone": f"{PASSWORD}!",
}


@pytest.mark.parametrize("value", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_proxy_is_a_wrong_setting(value: str) -> None:
    """Exit 2, naming the variable and never the value, on the first address that would take it."""
    found = rules({"HTTPS_PROXY": value})
    with pytest.raises(SettingsError) as raised:
        found.find(API)
    error = raised.value
    assert error.exit_code == 2
    assert error.message.startswith("HTTPS_PROXY cannot be used: ")
    assert "HTTPS_PROXY" in (error.hint or "")
    assert PASSWORD not in f"{error} {error.hint} {error.__cause__} {error.__context__}"
    assert found.find("http://127.0.0.1:1/") is None


def test_a_login_is_decoded_and_out_of_sight() -> None:
    """`%XX` is for what addresses cannot hold; no text of a proxy has its user or its password."""
    proxy = parse("HTTPS_PROXY", f"http://us%40er:{PASSWORD}%2F@b:c@p.example:1")
    assert proxy.login is not None
    assert proxy.login[0] == "us@er"
    assert proxy.login[1].reveal() == f"{PASSWORD}/@b:c"
    texts = f"{proxy} {proxy!r} {proxy.url} {proxy.address} {rules({'HTTPS_PROXY': PROXY})!r}"
    assert "us@er" not in texts
    assert PASSWORD not in texts


def test_the_systems_own_settings_count_where_no_variable_is_set() -> None:
    """As on macOS and Windows, where a company sets them; one empty variable switches them off."""

    def system() -> dict[str, str]:
        return {"https": "http://p.example:8080", "ftp": "http://no.example"}

    found = rules({}, system).find(API)
    assert found is not None
    assert (found.address, found.variable) == ("p.example:8080", SYSTEM)
    assert rules({"https_proxy": ""}, system).find(API) is None
    assert rules({"NO_PROXY": "example"}, system).find(API) is None
