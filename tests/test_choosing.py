"""Which account a name means, and on which host."""

from pathlib import Path

import pytest

from copilot_cli.auth.accounts import Account
from copilot_cli.auth.choosing import Named, on_its_host, on_named_host, parse_name
from copilot_cli.errors import UsageError
from copilot_cli.settings import Settings
from copilot_cli.store.sealed import EntryName

TOKEN = "ghu_madeUpForTests0000000000000000000001"


class Names:
    """The names in a store, one of them no account."""

    def __init__(self, *names: tuple[str, str]) -> None:
        self._names = [EntryName("github", *name) for name in names]

    def names(self) -> list[EntryName]:
        return [*self._names, EntryName("byok", "a.ghe.com", "mona")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("octocat", Named(None, "octocat")),
        (" octocat ", Named(None, "octocat")),
        ("a.ghe.com/mona", Named("a.ghe.com", "mona")),
        ("https://A.ghe.com/mona", Named("a.ghe.com", "mona")),
        ("mona@a.ghe.com", Named("a.ghe.com", "mona")),
        ("mona@https://A.GHE.com", Named("a.ghe.com", "mona")),
    ],
)
def test_the_forms_of_a_name(text: str, found: Named) -> None:
    """With a host before or behind it, spelled as people paste hosts."""
    assert parse_name(text) == found


@pytest.mark.parametrize("text", ["", "a.ghe.com/", "@a.ghe.com", "example.org/mona", "a@b@c", "/"])
def test_what_is_no_name(text: str) -> None:
    """Exit code 2."""
    with pytest.raises(UsageError):
        parse_name(text)


def test_a_name_fits_in_any_case() -> None:
    """GitHub's logins have one case each, which nobody remembers."""
    account = Account("a.ghe.com", "Mona")
    assert Named(None, "mona").fits(account)
    assert Named("a.ghe.com", "MONA").fits(account)
    assert not Named("github.com", "mona").fits(account)
    assert not Named(None, "mon").fits(account)


def load(
    tmp_path: Path, environ: dict[str, str] | None = None, text: str = "", **options: str
) -> Settings:
    (tmp_path / "config.toml").write_text(text)
    return Settings.load({"home": str(tmp_path), **options}, environ or {})


@pytest.mark.parametrize("name", ["a.ghe.com/mona", "mona@A.ghe.com"])
@pytest.mark.parametrize(
    ("options", "environ"),
    [
        ({}, {}),
        ({"host": "a.ghe.com"}, {}),
        ({}, {"GH_HOST": "b.ghe.com"}),
        ({}, {"COPILOT_CHAT_TOKEN": TOKEN}),
    ],
    ids=["alone", "the same host", "over a variable", "beside a token"],
)
def test_a_name_brings_its_host_along(
    tmp_path: Path, name: str, options: dict[str, str], environ: dict[str, str]
) -> None:
    """`--account HOST/NAME` is the account and the host, whatever a variable says."""
    found = on_named_host(load(tmp_path, environ, account=name, **options))
    assert (found.host, found.account, found.source("host")) == ("a.ghe.com", "mona", "option")


@pytest.mark.parametrize(
    ("options", "environ"),
    [
        ({"account": "a.ghe.com/mona", "host": "github.com"}, {}),
        ({"host": "github.com"}, {"COPILOT_CHAT_ACCOUNT": "mona@a.ghe.com"}),
        ({}, {"COPILOT_CHAT_ACCOUNT": "mona@a.ghe.com", "GH_HOST": "b.ghe.com"}),
    ],
    ids=["options", "option and variable", "variables"],
)
def test_two_hosts_for_one_account(
    tmp_path: Path, options: dict[str, str], environ: dict[str, str]
) -> None:
    """A host that was named is never left for another one: exit code 2."""
    with pytest.raises(UsageError, match=r"named on a\.ghe\.com"):
        on_named_host(load(tmp_path, environ, **options))


def test_the_file_has_a_setting_for_each(tmp_path: Path) -> None:
    """What stands there is taken as it is."""
    settings = load(tmp_path, text='account = "mona"\n')
    assert on_named_host(settings) is settings


BOTH = (("a.ghe.com", "mona"), ("github.com", "octocat"))


@pytest.mark.parametrize(
    ("options", "environ", "host"),
    [
        pytest.param({"account": "MONA"}, {}, "a.ghe.com", id="option"),
        pytest.param({}, {"COPILOT_CHAT_ACCOUNT": "mona"}, "a.ghe.com", id="variable"),
        pytest.param({"account": "octocat"}, {}, "github.com", id="here already"),
        pytest.param({"account": "hubot"}, {}, "github.com", id="nowhere"),
        pytest.param(
            {"account": "mona", "host": "github.com"}, {}, "github.com", id="host by option"
        ),
        pytest.param({"account": "mona"}, {"GH_HOST": "b.ghe.com"}, "b.ghe.com", id="by variable"),
        pytest.param(
            {}, {"COPILOT_CHAT_ACCOUNT": "mona", "COPILOT_CHAT_TOKEN": TOKEN}, "github.com",
            id="a token that was given for the host",
        ),
        pytest.param(
            {"account": "mona"}, {"COPILOT_CHAT_TOKEN": TOKEN}, "a.ghe.com",
            id="the option stands above that token",
        ),
        pytest.param(
            {"account": "mona"}, {"COPILOT_CHAT_GITHUB_URL": "https://proxy.example"}, "github.com",
            id="an address of the person's own",
        ),
    ],
)  # fmt: skip
def test_a_named_account_brings_its_host(
    tmp_path: Path, options: dict[str, str], environ: dict[str, str], host: str
) -> None:
    """Only where nobody named a host, and never one that it is not signed in to."""
    found = on_its_host(load(tmp_path, environ, **options), Names(*BOTH))
    assert found.host == host
    if host == "a.ghe.com":
        assert found.source("host") == found.source("account")


def test_the_account_of_the_file_brings_nothing(tmp_path: Path) -> None:
    """The file has host and account; they belong together."""
    found = on_its_host(load(tmp_path, text='account = "mona"\n'), Names(*BOTH))
    assert found.host == "github.com"


def test_a_file_s_host_is_left_for_a_named_account(tmp_path: Path) -> None:
    """What `accounts switch` wrote is a default, and no more."""
    found = on_its_host(
        load(tmp_path, text='host = "a.ghe.com"\n', account="octocat"), Names(*BOTH)
    )
    assert found.host == "github.com"


def test_several_hosts_with_the_account(tmp_path: Path) -> None:
    """Exit code 2, naming them."""
    store = Names(("a.ghe.com", "mona"), ("b.ghe.com", "mona"))
    with pytest.raises(UsageError, match=r"several hosts: a\.ghe\.com, b\.ghe\.com") as caught:
        on_its_host(load(tmp_path, account="mona"), store)
    assert "--host a.ghe.com --account mona" in (caught.value.hint or "")
