"""Accounts: what is kept of a sign-in, its renewal under the store's lock, and whose it is."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from copilot_cli.auth.accounts import (
    Account,
    GivenLogin,
    StoredLogin,
    choose_account,
    stored_accounts,
)
from copilot_cli.auth.credential import GitHubCredential, fetch_login
from copilot_cli.auth.device import Grant
from copilot_cli.errors import (
    CopilotChatError,
    Corrupt,
    LimitError,
    NetworkError,
    SecretNotFound,
    ServiceError,
    SignInError,
    UsageError,
)
from copilot_cli.secret import Secret
from copilot_cli.simulator import Simulator
from copilot_cli.store.sealed import EntryName

NOW = 1_800_000_000.0
OCTOCAT = Account("github.com", "octocat")


def grant(number: int, *, expires: bool = True, refresh: bool = True) -> Grant:
    return Grant(
        Secret(f"ghu_madeUp{number}"),
        "bearer",
        "",
        Secret(f"ghr_madeUp{number}") if refresh else None,
        28_800.0 if expires else None,
        15_897_600.0 if expires else None,
    )


class Store:
    """A secret store in memory; `before` happens before its lock is got."""

    def __init__(self, **entries: Mapping[str, Any]) -> None:
        self.entries = {Account("github.com", n).entry: dict(e) for n, e in entries.items()}
        self.writes = 0
        self.before: Callable[[], None] = lambda: None

    def get(self, name: EntryName, /) -> Mapping[str, Any]:
        if name not in self.entries:
            raise SecretNotFound("nothing is stored")
        return dict(self.entries[name])

    def update(
        self, name: EntryName, change: Callable[[dict[str, Any] | None], dict[str, Any]], /
    ) -> object:
        self.before()
        before = self.entries.get(name)
        after = change(None if before is None else dict(before))
        if after != before:
            self.writes += 1
            self.entries[name] = after
        return after

    def fingerprint(self) -> bytes | None:
        return repr(self.entries).encode()


class Refresher:
    """Trades refresh tokens: the second token of a pair is worth one trade."""

    def __init__(self, *grants: Grant | CopilotChatError) -> None:
        self.grants = list(grants)
        self.seen: list[tuple[str, str]] = []

    def __call__(self, *, client_id: str, refresh_token: Secret) -> Grant:
        self.seen.append((client_id, refresh_token.reveal()))
        turn = self.grants.pop(0)
        if isinstance(turn, CopilotChatError):
            raise turn
        return turn


def entry(number: int = 0, **options: bool) -> dict[str, Any]:
    made = grant(number, **options)
    return GitHubCredential.from_grant(made, client_id="Iv1.made-up", now=NOW).to_entry()


def login(store: Store, refresh: Refresher, now: float = NOW) -> StoredLogin:
    return StoredLogin(store, OCTOCAT, refresh=refresh, now=lambda: now)


@pytest.mark.parametrize(("expires", "refresh"), [(True, True), (True, False), (False, False)])
def test_a_credential_comes_back_from_its_entry(expires: bool, refresh: bool) -> None:
    """What is stored of a grant, as JSON, is read back equal, with absolute times."""
    import json

    made = GitHubCredential.from_grant(
        grant(1, expires=expires, refresh=refresh), client_id="Iv1.made-up", now=NOW
    )
    assert GitHubCredential.from_entry(json.loads(json.dumps(made.to_entry()))) == made
    assert made.expires_at == (NOW + 28_800 if expires else None)
    assert "madeUp" not in repr(made)


@pytest.mark.parametrize("found", [{}, {"token": None}, {"token": ""}, {"token": 7}])
def test_an_entry_without_a_token_is_damaged(found: dict[str, Any]) -> None:
    """An entry that holds no token is an error of the store."""
    with pytest.raises(Corrupt):
        GitHubCredential.from_entry(found)


def test_odd_times_are_none() -> None:
    """Times of another type are passed over: the service will say when the token is dead."""
    odd = {"token": "ghu_madeUp", "expires_at": "soon", "obtained": True, "refresh_token": 5}
    assert GitHubCredential.from_entry(odd) == GitHubCredential(Secret("ghu_madeUp"), 0.0)


def test_a_lasting_token_is_just_read() -> None:
    """A token that does not expire is never traded."""
    store, refresh = Store(octocat=entry(expires=False, refresh=False)), Refresher()
    assert login(store, refresh, NOW + 10**8).token() == Secret("ghu_madeUp0")
    assert store.writes == 0


@pytest.mark.parametrize(
    ("left", "token", "trades"),
    [(61.0, "ghu_madeUp0", 0), (59.0, "ghu_madeUp1", 1), (-5.0, "ghu_madeUp1", 1)],
)
def test_a_token_near_its_end_is_traded_first(left: float, token: str, trades: int) -> None:
    """With less than a minute left the pair is traded, and the new one is in the store."""
    store, refresh = Store(octocat=entry()), Refresher(grant(1))
    assert login(store, refresh, NOW + 28_800 - left).token() == Secret(token)
    assert store.entries[OCTOCAT.entry]["token"] == token
    assert refresh.seen == [("Iv1.made-up", "ghr_madeUp0")] * trades


def test_the_new_pair_is_written_before_it_is_used() -> None:
    """A pair that could not be written is not handed out."""

    class Full(Store):
        def update(self, *args: Any) -> object:
            super().update(*args)
            self.entries[OCTOCAT.entry] = entry()
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="space"):
        login(Full(octocat=entry()), Refresher(grant(1)), NOW + 28_800).token()


def test_another_processes_trade_is_used() -> None:
    """Who comes second under the lock finds the new pair and trades nothing."""
    store, refresh = Store(octocat=entry()), Refresher()

    def other() -> None:
        store.entries[OCTOCAT.entry] = entry(7)

    store.before = other
    assert login(store, refresh, NOW + 28_800).token() == Secret("ghu_madeUp7")
    assert refresh.seen == []


def test_a_refused_token_is_traded() -> None:
    """A token the service refuses is traded though it seems good."""
    store, refresh = Store(octocat=entry()), Refresher(grant(1))
    held = login(store, refresh)
    assert held.renew(Secret("ghu_madeUp0")) is True
    assert held.token() == Secret("ghu_madeUp1")


def test_a_token_that_was_replaced_meanwhile_is_not_traded() -> None:
    """A refusal of a token that is not in the store any more asks for nothing."""
    refresh = Refresher()
    assert login(Store(octocat=entry(5)), refresh).renew(Secret("ghu_madeUp0")) is True
    assert refresh.seen == []


def test_without_a_refresh_token_there_is_nothing_to_trade() -> None:
    """A refused token without a refresh token needs a new sign-in."""
    store = Store(octocat=entry(refresh=False))
    assert login(store, Refresher()).renew(Secret("ghu_madeUp0")) is False


@pytest.mark.parametrize(
    "error", [ServiceError("no"), NetworkError("no"), LimitError("no")], ids=lambda e: e.kind
)
def test_what_is_left_of_a_token_is_used_where_github_cannot_be_asked(
    error: CopilotChatError,
) -> None:
    """The last minute of one is better than none; one that is over is not."""
    store = Store(octocat=entry())
    assert login(store, Refresher(error), NOW + 28_741).token() == Secret("ghu_madeUp0")
    with pytest.raises(type(error)):
        login(store, Refresher(error), NOW + 28_800).token()
    assert store.writes == 0


def test_a_refresh_that_is_refused_ends_the_sign_in_at_once() -> None:
    """Even with half a minute left: the pair is worth nothing any more."""
    refused = SignInError("the sign-in has expired or was revoked")
    with pytest.raises(SignInError):
        login(Store(octocat=entry()), Refresher(refused), NOW + 28_770).token()


def test_an_expired_token_without_a_refresh_token_is_tried() -> None:
    """The service has the last word about a token whose time seems over."""
    store = Store(octocat=entry(refresh=False))
    assert login(store, Refresher(), NOW + 10**6).token() == Secret("ghu_madeUp0")


def test_a_refused_trade_leaves_the_entry() -> None:
    """`bad_refresh_token` is told, and the store stays as it was."""
    store = Store(octocat=entry())
    refresh = Refresher(SignInError("the sign-in has expired or was revoked"))
    with pytest.raises(SignInError, match="expired"):
        login(store, refresh, NOW + 28_800).token()
    assert store.entries[OCTOCAT.entry] == entry()


def test_a_new_grant_without_a_refresh_token_keeps_the_old_one() -> None:
    """RFC 6749 section 6: a server need not send a new refresh token."""
    store = Store(octocat=entry())
    login(store, Refresher(grant(1, refresh=False)), NOW + 28_800).token()
    assert store.entries[OCTOCAT.entry]["refresh_token"] == "ghr_madeUp0"


def test_other_fields_of_the_entry_stay() -> None:
    """What a later version keeps beside the token survives a trade."""
    store = Store(octocat={**entry(), "mode": "bearer"})
    login(store, Refresher(grant(1)), NOW + 28_800).token()
    assert store.entries[OCTOCAT.entry]["mode"] == "bearer"


@pytest.mark.parametrize("when", ["before", "under the lock"])
def test_a_sign_out_meanwhile_is_not_signed_in(when: str) -> None:
    """An account that was forgotten meanwhile is told as not signed in, with exit code 3."""
    store = Store(octocat=entry())
    store.before = store.entries.clear
    if when == "before":
        store.entries.clear()
    with pytest.raises(SignInError, match="octocat is not signed in to github") as caught:
        login(store, Refresher(grant(1)), NOW + 28_800).token()
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("opened", [True, False])
def test_unlocking_is_the_callers_business(opened: bool) -> None:
    """What asks a person is handed in; without it nothing is asked."""
    store = Store(octocat=entry())
    asking = StoredLogin(
        store, OCTOCAT, refresh=Refresher(), now=lambda: NOW, unlock=lambda: opened
    )
    assert asking.unlock() is opened
    assert login(store, Refresher()).unlock() is False


def test_a_given_login_never_changes() -> None:
    """A token from outside is handed out as it is, and named by its HMAC."""
    given = GivenLogin(Secret("ghu_madeUp"))
    assert given.token() == Secret("ghu_madeUp")
    assert given.renew(Secret("ghu_madeUp")) is False
    assert given.fingerprint(lambda data: data[::-1]) == b"pUedam_uhg"
    assert given.fingerprint(lambda data: None) is None
    assert given.unlock() is False


class Names:
    """A store that tells names."""

    def names(self) -> list[EntryName]:
        return [
            EntryName("github", "github.com", "octocat"),
            EntryName("github", "a.ghe.com", "hubot"),
            EntryName("endpoint", "github.com", "key"),
            EntryName("github", "github.com", "Ann"),
        ]


def test_stored_accounts_are_those_of_the_host() -> None:
    """Other hosts and other kinds of entries are not accounts here."""
    found = stored_accounts(Names(), "github.com")
    assert found == (Account("github.com", "Ann"), OCTOCAT)
    assert stored_accounts(Names(), "b.ghe.com") == ()


@pytest.mark.parametrize(
    ("wanted", "chosen"), [("octocat", "octocat"), ("OctoCat", "octocat"), ("ann", "Ann")]
)
def test_the_named_account_is_chosen(wanted: str, chosen: str) -> None:
    """Logins are compared as GitHub does, without regard to case."""
    accounts = stored_accounts(Names(), "github.com")
    assert choose_account(accounts, wanted, "github.com").login == chosen


def test_the_only_account_needs_no_name() -> None:
    """With one account there is no question."""
    assert choose_account((OCTOCAT,), None, "github.com") == OCTOCAT


@pytest.mark.parametrize("wanted", [None, "nobody"])
def test_an_account_that_is_not_clear_is_asked_for(wanted: str | None) -> None:
    """Several accounts without a name, or a name that is none of them: exit 2, naming them."""
    accounts = stored_accounts(Names(), "github.com")
    with pytest.raises(UsageError) as caught:
        choose_account(accounts, wanted, "github.com")
    assert "Ann, octocat" in f"{caught.value.message} {caught.value.hint}"


def test_the_login_is_asked_for() -> None:
    """GET /user says whose token it is, with the public API's version."""
    simulator = Simulator(now=lambda: NOW)
    token = Secret(simulator.sign_in("hubot"))
    with httpx.Client(transport=simulator.transport()) as client:
        assert fetch_login(client, "https://api.github.com", token) == "hubot"
    (seen,) = simulator.log
    assert (seen.method, seen.path) == ("GET", "/user")
    assert seen.headers["x-github-api-version"] == "2022-11-28"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"message": "Bad credentials"}, SignInError),
        (200, {"login": None}, ServiceError),
        (200, {"login": "x\ny"}, ServiceError),
        (200, {"login": "../../etc"}, ServiceError),
        (200, "<html>", ServiceError),
        (503, {}, ServiceError),
    ],
)
def test_an_unusable_login_is_an_error(
    status: int, body: dict[str, Any] | str, error: type[CopilotChatError]
) -> None:
    """A login names an entry of the store, so it has to look like one."""
    simulator = Simulator(now=lambda: NOW)
    simulator.fault("user", status=status, body=body)
    with httpx.Client(transport=simulator.transport()) as client, pytest.raises(error):
        fetch_login(client, "https://api.github.com", Secret("ghu_madeUp0000"))
