"""Ways to sign in: what is offered, what is refused and why; nothing is adopted unasked."""

from pathlib import Path

import pytest

from copilot_cli.auth.sources import Source
from copilot_cli.errors import NetworkError, SignInError, UsageError
from copilot_cli.onboarding.signing_in import token_fault
from copilot_cli.secret import Secret
from tests.wizard_world import DEFAULT, Person, World

CLASSIC = "ghp_madeUpForTests000000000000000000000000"
REFRESH = "ghr_madeUpForTests000000000000000000000000"
UNKNOWN = "ghu_madeUpForTests000000000000000000000000"
SERVER = "ghs_madeUpForTests000000000000000000000000"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


def source(kind: str, token: str, name: str = "", user: str | None = None) -> Source:
    return Source(kind, name or kind, f"the {name or kind}", Secret(token), user)  # type: ignore[arg-type]


def logins(world: World) -> list[str]:
    return [name.user for name in world.build(None).vault.store.names()]


def test_sign_ins_found_here_are_offered_and_none_is_the_default(world: World) -> None:
    """Each by its place and, where known, its user; Enter alone starts a new sign-in."""
    world.found = [
        source("gh", world.sim.sign_in("hubot")),
        source("file", world.sim.sign_in("monalisa"), "apps.json", "monalisa"),
    ]
    person = Person(("How do you want to sign in?", "found 1"))
    world.onboard(person, store="keyfile", model="sim-echo", verify=False)
    asked = person.asked[0]
    assert asked.values == ["device", "found 0", "found 1", "token", "byok"]
    assert asked.default == "device"
    assert asked.options["found 0"].label == "Use the gh"
    assert asked.options["found 1"].detail == "as monalisa"
    assert logins(world) == ["monalisa"]
    assert "device_code" not in world.endpoints


def test_what_the_exchange_does_not_take_is_named_with_the_reason(world: World) -> None:
    """Such a token is no choice, and the person learns why."""
    world.found = [source("environment", CLASSIC, "GH_TOKEN"), source("gh", REFRESH)]
    person = Person(("How do you want to sign in?", DEFAULT))
    world.onboard(person, store="keyfile", model="sim-echo", verify=False)
    assert person.asked[0].values == ["device", "token", "byok"]
    assert "the GH_TOKEN (GitHub does not accept classic personal access tokens" in person.said
    assert "the gh (it renews a sign-in and is none itself)" in person.said
    assert CLASSIC not in person.said


def test_a_token_of_actions_is_no_sign_in(world: World) -> None:
    """It is taken from its variable as it is, and kept by nobody."""
    world.found = [source("environment", SERVER, "COPILOT_GITHUB_TOKEN")]
    with pytest.raises(SignInError, match="it ends with its job") as failed:
        world.onboard(method="env", store="keyfile")
    assert failed.value.exit_code == 3
    assert (world.endpoints, world.files()) == ([], set())


@pytest.mark.parametrize(
    ("method", "kind"), [("env", "environment"), ("gh", "gh"), ("ide", "file")]
)
def test_a_method_names_the_place(world: World, method: str, kind: str) -> None:
    """The flag is the yes: the first that can work of that kind is taken, and no other kind."""
    others = [it for it in ("environment", "gh", "file") if it != kind]
    world.found = [source(it, world.sim.sign_in("wrong")) for it in others]
    world.found += [source(kind, CLASSIC), source(kind, world.sim.sign_in("hubot"))]
    world.onboard(method=method, store="keyfile", verify=False)
    assert logins(world) == ["hubot"]


@pytest.mark.parametrize("method", ["env", "gh", "ide"])
def test_a_place_with_nothing_in_it(world: World, method: str) -> None:
    """Exit code 3, and what to do instead."""
    with pytest.raises(SignInError, match=f"no sign-in was found for --method {method}") as failed:
        world.onboard(method=method, store="keyfile")
    assert "--method device" in (failed.value.hint or "")
    assert world.files() == set()


def test_a_place_with_the_wrong_thing_in_it(world: World) -> None:
    """Exit code 3 with the reason, and never the value."""
    world.found = [source("gh", CLASSIC)]
    with pytest.raises(SignInError, match="classic personal access tokens") as failed:
        world.onboard(method="gh", store="keyfile")
    assert failed.value.kind == "token_kind"
    assert CLASSIC not in str(failed.value)


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("", "it is empty"),
        ("   ", "it is empty"),
        ("ghu_with a blank in it", "no token (position"),
        ("ghu_madeUpForTests\x00\x01", "no token (position"),
        (CLASSIC, "a classic personal access token"),
        (REFRESH, "a refresh token"),
        (SERVER, "it is taken from COPILOT_GITHUB_TOKEN only"),
    ],
)
def test_a_token_that_cannot_work_is_told_by_its_look(value: str, wrong: str) -> None:
    """Before it is sent anywhere, and without a word of it."""
    fault = token_fault(value)
    assert fault is not None
    assert wrong in fault
    assert value.strip() == "" or value not in fault


@pytest.mark.parametrize("prefix", ["ghu_", "gho_", "github_pat_", "a"])
def test_a_token_that_may_work_is_tried(prefix: str) -> None:
    """Kinds that nobody knows yet too: the exchange decides."""
    assert token_fault(f"{prefix}madeUpForTests000000000000000000000000") is None


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_token_from_a_pipe(world: World, ending: str) -> None:
    """One newline at its end is not part of it."""
    token = world.sim.sign_in("hubot")
    world.onboard(token_stdin=True, stdin=f"{token}{ending}", store="keyfile", verify=False)
    assert logins(world) == ["hubot"]


@pytest.mark.parametrize("value", [CLASSIC, REFRESH, SERVER], ids=lambda value: value[:6])
def test_a_token_from_a_pipe_that_cannot_work(world: World, value: str) -> None:
    """Exit code 3 with the reason and a way out; nothing sent or kept, not a word of the token."""
    with pytest.raises(SignInError, match="--token-stdin: this is a") as failed:
        world.onboard(token_stdin=True, stdin=f"{value}\n", store="keyfile")
    assert (failed.value.exit_code, failed.value.kind) == (3, "token_kind")
    assert "--method device" in (failed.value.hint or "")
    assert value not in failed.value.message
    assert world.endpoints == []
    assert world.files() == set()


@pytest.mark.parametrize("stdin", ["", "\n", "two words"])
def test_a_bad_token_from_a_pipe(world: World, stdin: str) -> None:
    """Exit code 2, nothing sent, nothing kept, not a word of the token."""
    with pytest.raises(UsageError, match="--token-stdin") as failed:
        world.onboard(token_stdin=True, stdin=stdin, store="keyfile")
    assert world.endpoints == []
    assert world.files() == set()
    assert not stdin.strip() or stdin not in failed.value.message


def test_a_token_that_github_refuses_is_not_mended_by_the_wizard_itself(world: World) -> None:
    """Who is in the wizard is not sent to the wizard, but told another way."""
    with pytest.raises(SignInError) as refused:
        world.onboard(token_stdin=True, stdin=f"{UNKNOWN}\n", store="keyfile")
    assert refused.value.hint == "give a token that is valid, or sign in with --method device"
    world.found = [source("environment", UNKNOWN, "COPILOT_CHAT_TOKEN")]
    with pytest.raises(SignInError) as refused:
        world.onboard(method="env", store="keyfile")
    assert refused.value.hint == "unset COPILOT_CHAT_TOKEN, or set it to a valid token"


def test_token_stdin_goes_with_no_other_method(world: World) -> None:
    """Two ways at once are exit code 2."""
    with pytest.raises(UsageError, match="--method token only"):
        world.onboard(method="device", token_stdin=True)


def test_the_token_that_was_got_is_proved_whatever_a_variable_says(world: World) -> None:
    """COPILOT_CHAT_TOKEN holds another one, which does not even work."""
    world.environ["COPILOT_CHAT_TOKEN"] = "ghu_madeUpForTests0000000000000000000000"
    world.onboard(method="device", store="keyfile", verify=False)
    assert logins(world) == ["octocat"]


def test_a_moment_s_trouble_of_the_exchange_is_waited_out(world: World) -> None:
    """The person has just typed a code: a 503 or a cut line is no reason to have it typed again."""
    world.sim.fault("exchange", status=503, body="sorry", times=2)
    began = world.time
    world.onboard(method="device", store="keyfile", verify=False)
    assert world.endpoints.count("exchange") == 3
    assert world.time > began


def test_who_it_is_may_stay_unknown(world: World) -> None:
    """GitHub does not say whose token it is, for now: the exchange took it, so it is kept."""
    world.sim.fault("user", status=500, body="oops", times=9)
    world.onboard(method="device", store="keyfile", verify=False)
    assert logins(world) == ["default"]
    assert "GitHub did not say whose token this is" in world.said


def test_client_id_and_scope_are_sent_and_the_id_kept(world: World) -> None:
    """A client id of one's own is needed again for a refresh, so the settings have it."""
    own = "Iv1.madeUpForTests00"
    world.sim.scenario.client_ids = frozenset({own})
    world.onboard(method="device", store="keyfile", client_id=own, scope="read:org", verify=False)
    sent = world.sim.log[0].body.decode()
    assert f"client_id={own}" in sent
    assert "scope=read%3Aorg" in sent
    assert f'client_id = "{own}"' in world.config


def test_without_a_network_nothing_is_asked_of_it_twice(world: World) -> None:
    """The code request fails: exit code 6, and no browser, no screen, no poll."""
    world.sim.fault("device_code", connect_error=True)
    with pytest.raises(NetworkError):
        world.onboard(method="device", store="keyfile")
    assert world.endpoints == ["device_code"]
    assert "type the code" not in world.stderr.getvalue()
