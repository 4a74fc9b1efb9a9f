"""The HTTP client: what it sends where, and what it trusts; no socket is opened."""

import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from copilot_cli.errors import NetworkError, SettingsError
from copilot_cli.network import authority as named_authority
from copilot_cli.network import build_client, translate, trust
from copilot_cli.simulator.ca import Authority

URL = "https://api.example/chat?token=madeUpForTests"
PASSWORD = "madeUpProxyPassword"  # made up


# -- the client ------------------------------------------------------------------------------


def reply(request: httpx.Request) -> httpx.Response:
    """Answer anything."""
    return httpx.Response(302, headers={"location": "https://evil.example/"})


def client(**environ: str) -> httpx.Client:
    """Return a client on a transport of a test."""
    return build_client(environ, transport=httpx.MockTransport(reply), user_agent="tests/1")


def test_redirects_are_not_followed_and_nothing_is_compressed() -> None:
    """The two things that no caller can forget."""
    response = client().get("https://api.example/")
    assert response.status_code == 302
    assert response.request.headers["accept-encoding"] == "identity"
    assert response.request.headers["user-agent"] == "tests/1"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://[::1]:1/", "https://LOCALHOST/", "http://127.9.8.7/"]
)
def test_offline_allows_this_machine(url: str) -> None:
    """The simulator is not the network."""
    assert client(COPILOT_OFFLINE="1").get(url).status_code == 302


ELSEWHERE = [
    "https://api.github.com/",
    "http://127.0.0.1.evil.example/",
    "http://localhost.evil.example/",
    "http://localhost@evil.example/",
    "http://0.0.0.0/",
    "http://[::]/",
    "http://128.0.0.1/",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_offline_sends_nothing_elsewhere(url: str) -> None:
    """Names that only look like this machine are others'."""
    with pytest.raises(NetworkError, match="COPILOT_OFFLINE is set") as raised:
        client(COPILOT_OFFLINE="1").get(url)
    assert raised.value.exit_code == 6
    assert raised.value.hint == "unset COPILOT_OFFLINE"


@pytest.mark.parametrize("value", ["", "0", "false", "no", "OFF"])
def test_offline_can_be_switched_off(value: str) -> None:
    """As every switch in the environment."""
    assert client(COPILOT_OFFLINE=value).get("https://api.example/").status_code == 302


def test_httpx_never_looks_at_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment that the program was given decides, not that of the process."""
    for name in ("ALL_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "gopher://nonsense:port")
    monkeypatch.setenv("SSL_CERT_FILE", "/nonesuch/ca.pem")
    with build_client({"HTTPS_PROXY": "socks9://x"}, user_agent="tests") as own:
        assert own.trust_env is False
        with pytest.raises(
            SettingsError, match=r"HTTPS_PROXY.*one of http, https, socks5, socks5h"
        ):
            own.get(URL)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_cannot_be_used_is_a_wrong_setting(name: str) -> None:
    """Exit 2 when it would be taken, naming the variable and never the value."""
    with build_client({name: f"gopher://user:{PASSWORD}@proxy.example:1"}, user_agent="t") as own:
        with pytest.raises(SettingsError, match=f"^{name} cannot be used") as raised:
            own.get(URL)
        assert PASSWORD not in f"{raised.value} {raised.value.hint} {raised.value.__cause__}"


def test_socks_without_its_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is an extra; exit 2 with the line that installs it."""
    pytest.importorskip("httpcore")  # it would remember for good that there is no SOCKS
    monkeypatch.setitem(sys.modules, "socksio", None)
    environ = {"ALL_PROXY": f"socks5://user:{PASSWORD}@proxy.example:1"}
    with build_client(environ, user_agent="t") as own, pytest.raises(SettingsError) as raised:
        own.get(URL)
    assert raised.value.message == "ALL_PROXY names a SOCKS proxy, which needs one more package"
    assert raised.value.hint == "pip install 'copilot-chat[socks]'"
    assert PASSWORD not in f"{raised.value.__cause__}"


@pytest.mark.parametrize(
    "url", ["https://a..example/", f"https://{'a' * 64}.example/"], ids=["empty", "too long"]
)
def test_a_name_that_no_resolver_takes_is_told_as_any_other_failure(url: str) -> None:
    """Python refuses such a name with a UnicodeError, which is none of httpx's."""
    with pytest.raises(httpx.UnsupportedProtocol) as caught:
        build_client({}, user_agent="tests/1").get(url)
    error = translate(caught.value, url=url)
    assert error.message == f"the address of {httpx.URL(url).host} cannot be used"


# -- what is trusted -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    """A throw-away CA."""
    made = Authority()
    yield made
    made.close()


NAMES = ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"]


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_variable_replaces_the_trust_store(name: str, authority: Authority) -> None:
    """What it names is all that is trusted."""
    context = trust({name: str(authority.path)})
    assert len(context.get_ca_certs()) == 1
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_folder_of_certificates_is_taken(tmp_path: Path) -> None:
    """`SSL_CERT_DIR`, and a folder in the other variables."""
    for name in NAMES:
        context = trust({name: str(tmp_path)})
        assert context.get_ca_certs() == []
        assert context.verify_mode == ssl.CERT_REQUIRED


def test_the_first_variable_that_is_set_counts(authority: Authority, tmp_path: Path) -> None:
    """In the contract's order; an empty one is not set."""
    good, bad = str(authority.path), str(tmp_path / "missing")
    trust({"SSL_CERT_FILE": good, "SSL_CERT_DIR": bad, "REQUESTS_CA_BUNDLE": bad})
    trust({"SSL_CERT_FILE": "", "SSL_CERT_DIR": "", "REQUESTS_CA_BUNDLE": good})
    assert named_authority({"SSL_CERT_FILE": "", "REQUESTS_CA_BUNDLE": good}) == NAMES[2]
    assert named_authority({}) == ""
    with pytest.raises(SettingsError, match="SSL_CERT_DIR"):
        trust({"SSL_CERT_DIR": bad, "REQUESTS_CA_BUNDLE": good})


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_a_wrong_setting(name: str, tmp_path: Path) -> None:
    """Exit 2, naming the variable and the file."""
    with pytest.raises(SettingsError) as raised:
        trust({name: str(tmp_path / "missing.pem")})
    assert raised.value.exit_code == 2
    assert raised.value.message == f"{name} names {tmp_path}/missing.pem, which is not there"


@pytest.mark.parametrize("content", [b"", b"no certificate", b"\x00\xff"], ids=repr)
def test_a_file_without_certificates_is_a_wrong_setting(content: bytes, tmp_path: Path) -> None:
    """Rather than a trust store of nothing."""
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="holds no usable certificate"):
        trust({"SSL_CERT_FILE": str(path)})


def test_without_variables_certificates_are_verified() -> None:
    """The system's store, or certifi's."""
    context = trust({})
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
