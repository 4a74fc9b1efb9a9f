"""The wizard as a whole: the order of its effects, what a failure leaves, what it says."""

from pathlib import Path
from typing import Any

import pytest

from copilot_cli.auth.sources import Source
from copilot_cli.errors import (
    CopilotChatError,
    Interrupted,
    LimitError,
    NotAllowedError,
    ServiceError,
    SettingsError,
    SignInError,
    StoreError,
    UsageError,
)
from copilot_cli.onboarding.byok import COMMANDS
from copilot_cli.onboarding.engine_choice import WAYS
from copilot_cli.onboarding.wizard import RISK
from copilot_cli.secret import Secret
from tests.wizard_world import DEFAULT, STOP, Person, World

SEALED = "secrets/store.json"
DEVICE: dict[str, Any] = {"method": "device", "store": "keyfile"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


def token_of(world: World, login: str = "octocat") -> str:
    return world.sim.sign_in(login)


def stored(world: World) -> list[tuple[str, str]]:
    """Host and login of what is in the store."""
    return [(name.host, name.user) for name in world.build(None).vault.store.names()]


# --- order ---------------------------------------------------------------------------------------


def test_the_order_of_effects(world: World) -> None:
    """The store is there before a code is asked for, the sign-in in it after the exchange, and the
    settings come last.
    """
    sealed: list[tuple[str, set[str], list[tuple[str, str]]]] = []
    names = world.build(None).vault.build_store(world.build(None).vault.build_key("keyfile")).names
    pass_on = world.handle_request

    def watched(request: Any) -> Any:
        reply = pass_on(request)
        users = [(name.host, name.user) for name in names()]
        sealed.append((world.endpoints[-1], world.files(), users))
        return reply

    world.handle_request = watched  # type: ignore[method-assign]
    world.onboard(**DEVICE)
    kept = [("github.com", "octocat")]
    assert [(endpoint, users) for endpoint, _, users in sealed] == [
        ("device_code", []),
        ("device_token", []),
        ("exchange", []),
        ("user", []),
        ("models", kept),
        ("chat", kept),
    ]
    assert all(SEALED in files for _, files, _ in sealed)
    assert not any("config.toml" in files for _, files, _ in sealed)
    assert 'account = "octocat"' in world.config


def test_what_the_settings_say_afterwards(world: World) -> None:
    """Where the sign-in is, what answers, and with which model; no secret."""
    world.onboard(**DEVICE, model="sim-echo")
    assert world.config.splitlines() == [
        'engine = "direct"',
        'store = "keyfile"',
        'host = "github.com"',
        'account = "octocat"',
        'model = "sim-echo"',
    ]
    for secret in world.sim.secrets():
        assert secret not in world.config + world.said


def test_the_copilot_token_is_used_again(world: World) -> None:
    """The exchange of the wizard is the only one: the next question finds its token."""
    world.onboard(**DEVICE)
    app = world.build(None)
    list(app.chat(system=None, save=False)[0].send("hello"))
    app.close()
    assert world.endpoints.count("exchange") == 1


# --- what a failure leaves -----------------------------------------------------------------------

FAILURES: list[tuple[str, dict[str, Any], type[CopilotChatError], int]] = [
    ("device_code", {"status": 404, "body": "Not Found"}, SettingsError, 2),
    ("device_code", {"status": 403, "body": "no"}, NotAllowedError, 4),
    ("device_code", {"status": 429, "body": "slow"}, LimitError, 5),
    ("device_code", {"status": 200, "body": "<html>portal</html>"}, ServiceError, 6),
    ("device_code", {"error": "device_flow_disabled"}, SettingsError, 2),
    ("device_code", {"connect_error": True}, ServiceError, 6),
    ("device_token", {"error": "access_denied"}, SignInError, 3),
    ("device_token", {"error": "expired_token"}, SignInError, 3),
    ("device_token", {"error": "incorrect_device_code"}, SignInError, 3),
    ("device_token", {"error": "incorrect_client_credentials"}, SettingsError, 2),
    ("device_token", {"error": "unsupported_grant_type"}, CopilotChatError, 1),
    ("device_token", {"status": 500, "times": 6}, ServiceError, 6),
    ("exchange", {"status": 401, "body": {"message": "Bad credentials"}}, SignInError, 3),
    ("exchange", {"status": 403, "body": {"message": "SAML enforcement"}}, NotAllowedError, 4),
    ("exchange", {"status": 503, "times": 9}, ServiceError, 6),
    ("exchange", {"status": 200, "body": "<html>portal</html>"}, ServiceError, 6),
    ("user", {"status": 401, "body": {"message": "Bad credentials"}}, SignInError, 3),
]


@pytest.mark.parametrize(
    ("endpoint", "fault", "kind", "code"),
    FAILURES,
    ids=[f"{end}-{fault.get('status') or fault.get('error')}" for end, fault, *_ in FAILURES],
)
def test_a_failed_sign_in_saves_nothing(
    world: World, endpoint: str, fault: dict[str, Any], kind: type[CopilotChatError], code: int
) -> None:
    """Whatever goes wrong before the exchange took the token: its exit code, an empty disk."""
    world.sim.fault(endpoint, **fault)
    with pytest.raises(kind) as failed:
        world.onboard(**DEVICE)
    assert failed.value.exit_code == code
    assert world.files() == set()


def test_a_failed_sign_in_leaves_the_earlier_one(world: World) -> None:
    """A new sign-in that is denied takes nothing away from the one that is there."""
    world.onboard(**DEVICE, verify=False)
    before = world.config
    world.sim.fault("device_token", error="access_denied")
    with pytest.raises(SignInError):
        world.onboard(method="device", force=True)
    assert stored(world) == [("github.com", "octocat")]
    assert world.config == before
    world.onboard()
    assert "Already signed in as octocat" in world.said


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), STOP], ids=["signal", "menu"])
def test_a_stop_in_the_wait_saves_nothing(world: World, stop: BaseException) -> None:
    """Ctrl-C while the code waits: nothing is on disk."""
    world.sim.scenario.auto_approve = None

    def stopped(seconds: float) -> None:
        raise stop

    world.sleep = stopped  # type: ignore[method-assign]
    with pytest.raises((KeyboardInterrupt, Interrupted)):
        world.onboard(**DEVICE)
    assert world.files() == set()


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), STOP], ids=["signal", "menu"])
def test_a_stop_after_the_sign_in_keeps_it(world: World, tmp_path: Path, stop: Any) -> None:
    """The settings say where it is, also where the key lies elsewhere than usual."""

    def show(*_: object) -> None:
        raise stop

    key_file = tmp_path / "elsewhere" / "key"
    with pytest.raises(Interrupted, match="the sign-in of octocat is kept") as stopped:
        world.onboard(**DEVICE, key_file=key_file, show=show)
    assert stopped.value.exit_code == 130
    assert f'key_file = "{key_file}"' in world.config
    world.onboard()
    assert "Already signed in as octocat" in world.said


def test_a_key_that_was_there_is_not_removed(world: World) -> None:
    """A key file may seal something else too: a failed sign-in leaves it."""
    key = world.home / "key"
    world.home.mkdir()
    key.write_text(f"copilot-chat-key-1:{'0' * 64}\n")
    key.chmod(0o600)
    world.sim.fault("device_token", error="access_denied")
    with pytest.raises(SignInError):
        world.onboard(**DEVICE)
    assert world.files() == {"key"}


def test_a_store_that_cannot_be_made_asks_github_nothing(world: World) -> None:
    """The folder is somebody's file: exit code 10 before any request."""
    world.home.mkdir()
    (world.home / "secrets").write_text("in the way")
    with pytest.raises(StoreError):
        world.onboard(**DEVICE)
    assert world.endpoints == []


# --- what is asked -------------------------------------------------------------------------------


def test_three_questions_in_the_common_case(world: World) -> None:
    """How to sign in, where the key lives since there is no keyring, which model."""
    person = Person(
        ("How do you want to sign in?", DEFAULT),
        ("How should the key be protected?", "keyfile"),
        ("Anyone who can read", "key file"),
        ("Which model?", DEFAULT),
    )
    world.onboard(person)
    assert [asked.flag for asked in person.asked if "Anyone" not in asked.question] == [
        "--method",
        "--store",
        "--model",
    ]
    assert person.asked[0].default == "device"
    assert person.asked[-1].default == "sim-docs"
    assert "sim-plus" not in person.asked[-1].values


def test_flags_answer_every_question(world: World) -> None:
    """With a flag for each, a person is asked nothing."""
    world.onboard(Person(), **DEVICE, model="sim-echo")
    assert 'model = "sim-echo"' in world.config


@pytest.mark.parametrize("yes", [False, True])
def test_without_a_person_and_a_method(world: World, yes: bool) -> None:
    """Nothing is asked: a missing method is exit code 2 that names its flag; --yes signs in."""
    if yes:
        world.onboard(yes=True, store="keyfile")
        assert world.endpoints[0] == "device_code"
        return
    with pytest.raises(UsageError) as failed:
        world.onboard(store="keyfile")
    assert "--method" in (failed.value.hint or "")
    assert world.endpoints == []
    assert world.files() == set()


def test_yes_adopts_no_token_that_lies_about(world: World) -> None:
    """Tokens in variables, of `gh` and of editors are not even looked for."""
    token = token_of(world, "somebody")
    world.environ["GH_TOKEN"] = token
    world.found = [Source("gh", "gh", "the GitHub CLI", Secret(token))]
    world.onboard(yes=True, store="keyfile")
    assert world.looked == 0
    assert stored(world) == [("github.com", "octocat")]
    assert token.encode() not in b"".join((world.home / f).read_bytes() for f in world.files())


def test_store_none_with_a_device_login_is_a_usage_error(world: World) -> None:
    """It would be lost at once: exit code 2 before anything is asked."""
    with pytest.raises(UsageError, match="lost at once"):
        world.onboard(method="device", store="none")
    assert world.endpoints == []
    assert world.files() == set()


def test_store_none_keeps_no_sign_in(world: World) -> None:
    """The token serves this process; on disk there is neither it nor a word of where it would be.

    The settings of before stay: what is stored for others can still be found.
    """
    token = token_of(world)
    app = world.onboard(store="none", token_stdin=True, stdin=f"{token}\n")
    kept = {name for name in world.files() if not name.startswith("cache/models-")}
    assert kept == {"config.toml"}
    assert "store" not in world.config
    assert "account" not in world.config
    assert "Not stored: this process only." in world.said
    assert "set COPILOT_CHAT_TOKEN" in world.said
    assert app.access.source.name == "COPILOT_CHAT_TOKEN"
    assert "COPILOT_CHAT_TOKEN" not in world.environ


# --- what is said --------------------------------------------------------------------------------


def test_the_risk_is_said_once(world: World) -> None:
    """Both ways at the first sign-in; who has read of them is not told again."""
    world.onboard(Person(), **DEVICE, model="sim-echo")
    assert world.said.count(WAYS) == 1
    world.onboard(Person(), method="device", force=True)
    assert WAYS not in world.said


def test_the_risk_has_three_lines_where_nobody_is(world: World) -> None:
    """In a log too it is three lines that fit."""
    world.onboard(**DEVICE)
    lines = world.said.splitlines()[:3]
    assert " ".join(lines) == RISK
    assert max(map(len, lines)) < 80


def test_it_ends_with_the_three_next_commands(world: World) -> None:
    """The last thing said is what to do now."""
    world.onboard(**DEVICE)
    assert world.said.rstrip("\n").endswith(f"Next:\n{COMMANDS}")
    assert [line.split("  ")[1] for line in COMMANDS.splitlines()] == [
        "copilot-chat",
        "copilot-chat ask 'a question'",
        "copilot-chat status",
    ]


@pytest.mark.parametrize(
    ("variable", "wins"),
    [("COPILOT_CHAT_TOKEN", True), ("GITHUB_COPILOT_TOKEN", True), ("GH_TOKEN", False)],
)
def test_a_variable_that_will_win_is_named(world: World, variable: str, wins: bool) -> None:
    """The wizard proves the token it just got, and says which will be used later."""
    other = token_of(world, "somebody")
    world.environ[variable] = other
    world.onboard(**DEVICE)
    exchanged = [entry for entry in world.sim.log if entry.endpoint == "exchange"]
    assert [other in entry.headers["authorization"] for entry in exchanged] == [False]
    assert (f"{variable} is set and will win over this sign-in of octocat" in world.said) is wins


def test_a_variable_that_cannot_be_sent_is_told_before_anything_is_done(world: World) -> None:
    """It would win over the new sign-in, and fail: nobody types a code for that."""
    world.environ["COPILOT_CHAT_TOKEN"] = "made up"
    with pytest.raises(SettingsError, match=r"COPILOT_CHAT_TOKEN: .*position 5"):
        world.onboard(**DEVICE)
    assert world.sim.log == []
    assert not (world.home / "config.toml").exists()


def test_an_account_that_is_not_the_wanted_one_is_said(world: World) -> None:
    """`--account hubot`, and GitHub says that octocat signed in: kept, and told."""
    world.onboard(Person(), **DEVICE, model="sim-echo", options={"account": "hubot"})
    assert "that is not hubot" in world.said
    assert stored(world) == [("github.com", "octocat")]


def test_a_second_account_does_not_push_out_the_first(world: World) -> None:
    """Both are stored; the settings name the newer."""
    world.onboard(**DEVICE, verify=False)
    world.sim.scenario.login = "hubot"
    world.onboard(method="device", verify=False, options={"account": "hubot"})
    assert stored(world) == [("github.com", "hubot"), ("github.com", "octocat")]
    assert 'account = "hubot"' in world.config


def test_another_host(world: World) -> None:
    """A company's own GitHub: everything is asked there, and the settings name it."""
    world.onboard(**DEVICE, verify=False, options={"host": "acme.ghe.com"})
    assert {entry.host for entry in world.sim.log} <= {
        "acme.ghe.com",
        "api.acme.ghe.com",
        "copilot-api.acme.ghe.com",
    }
    assert 'host = "acme.ghe.com"' in world.config
    assert stored(world) == [("acme.ghe.com", "octocat")]


# --- a dry run -----------------------------------------------------------------------------------


def test_a_dry_run_names_every_file_that_a_run_writes(world: World) -> None:
    """The list and the disk agree; before that nothing is written and nothing sent."""
    plan = [line.partition(" (")[0] for line in world.plan(**DEVICE)]
    assert world.files() == set()
    assert world.endpoints == []
    world.onboard(**DEVICE)
    written = {str(path) for path in world.home.rglob("*") if path.is_file()}
    assert len(plan) == 7
    for path in written:
        assert any(Path(path).match(pattern) for pattern in plan), path
    for pattern in plan:
        assert any(Path(path).match(pattern) for path in written), pattern


@pytest.mark.parametrize(
    ("store", "lines"),
    [("keyring", "keyring item: service copilot-chat"), ("none", "config.toml")],
)
def test_a_dry_run_of_other_stores(world: World, store: str, lines: str) -> None:
    """The keyring's item is named; with no store there are but the settings."""
    del world.environ["COPILOT_CHAT_NO_KEYRING"]
    plan = world.plan(store=store)
    assert any(lines in line for line in plan)
    assert (len(plan) == 3) is (store == "none")


def test_a_dry_run_names_no_keyring_that_must_not_be_asked(world: World) -> None:
    """Then somebody will choose where the key lies; a keyring that was chosen is an error."""
    plan = world.plan()
    assert not any("keyring" in line for line in plan)
    assert f"{world.home / 'key'} (the key, if you choose a key file)" in plan
    with pytest.raises(StoreError, match="switched off by COPILOT_CHAT_NO_KEYRING"):
        world.plan(store="keyring")
