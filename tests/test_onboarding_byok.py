"""Bring your own key in the wizard: questions, order, what a failure leaves, what is said."""

from pathlib import Path
from typing import Any

import pytest

from copilot_cli.errors import Interrupted, NetworkError, SignInError, StoreError, UsageError
from copilot_cli.onboarding.wizard import RISK
from copilot_cli.simulator.scenario import KEYS
from tests.endpoint_world import ANTHROPIC, AZURE, KEY, LOCAL, OPENAI, sent, write
from tests.wizard_world import DEFAULT, STOP, Person, World

SEALED = "secrets/store.json"
CLOUD: dict[str, Any] = {
    "method": "byok",
    "endpoint": OPENAI,
    "key_stdin": True,
    "store": "keyfile",
    "model": "gpt-sim",
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


def stored(world: World) -> list[tuple[str, str, str]]:
    """What is in the store, by its names."""
    return [tuple(name) for name in world.build(None).vault.store.names()]  # type: ignore[misc]


# --- questions ------------------------------------------------------------------------------------


def test_the_whole_way_by_questions(world: World) -> None:
    """From the menu of sign-ins to an answer; each question names its flag."""
    person = Person(
        ("How do you want to sign in?", "byok"),
        ("Where does your model answer?", "other"),
        ("Its address", f"{OPENAI}/v1/chat/completions"),
        ("Its name here", DEFAULT),
        ("How should the key be protected?", "keyfile"),
        ("Anyone who can read", "key file"),
        ("The key of openai", KEY),
        ("Which model?", "gpt-sim"),
        ("Shall openai answer", DEFAULT),
    )
    world.onboard(person)
    assert [asked.flag for asked in person.asked] == [
        "--method",
        "--endpoint",
        "--endpoint",
        "--name",
        "--store",
        "--store keyfile",
        "--key-stdin",
        "--model",
        "--default",
    ]
    assert "type openai, by its host's name" in person.said
    assert "The key is sealed on disk; what opens it lies in a file." in person.said
    assert world.stdout.getvalue().startswith("In one short sentence")
    assert stored(world) == [("byok", "api.openai.com", "openai")]
    assert world.config.splitlines() == [
        'store = "keyfile"',
        'engine = "byok"',
        'model = "openai/gpt-sim"',
        "",
        "[endpoints.openai]",
        f'url = "{OPENAI}/v1"',
        'type = "openai"',
        'model = "gpt-sim"',
        "default = true",
    ]
    assert KEY not in person.said + world.config
    assert world.run("ask", "hello")[:2] == (0, "hello")


def test_an_endpoint_of_this_machine_needs_no_key_and_no_store(world: World) -> None:
    """An empty line is no key: nothing is sealed, and the settings are all there is."""
    person = Person(
        ("The key of here, empty for none", ""),
        ("Which model?", "llama-sim:latest"),
        ("Shall here answer", DEFAULT),
    )
    world.onboard(person, method="byok", endpoint=LOCAL, name="here")
    assert world.files() == {"config.toml"}
    assert "store" not in world.config
    assert {host for host, _ in sent(world)} == {"127.0.0.1"}
    assert world.run("ask", "hello")[:2] == (0, "hello")


def test_an_endpoint_of_this_machine_may_have_a_key(world: World) -> None:
    """Then it is sealed as any other."""
    person = Person(("The key of here", "made-up-key"))
    world.onboard(
        person,
        method="byok",
        endpoint=LOCAL,
        name="here",
        store="keyfile",
        model="llama-sim:latest",
        default=True,
    )
    assert stored(world) == [("byok", "127.0.0.1:11434", "here")]
    assert sent(world)[-1][1]["authorization"] == "Bearer made-up-key"


def test_flags_answer_every_question(world: World) -> None:
    """With a flag for each, a person is asked nothing; without one nobody is needed."""
    world.onboard(Person(), stdin="", **{**CLOUD, "endpoint": LOCAL, "key_stdin": False}, yes=True)
    assert 'url = "http://127.0.0.1' in world.config
    world.onboard(stdin=f"{KEY}\n", **CLOUD, name="cloud")
    assert stored(world) == [("byok", "api.openai.com", "cloud")]


FRONTS = [
    ("openai", OPENAI, "gpt-sim", "which model of openai"),
    ("azure", AZURE, "sim-deployment", "which model of azure"),
    ("anthropic", ANTHROPIC, "claude-sim", "which model of anthropic"),
]


@pytest.mark.parametrize(("kind", "url", "model", "asks"), FRONTS, ids=[row[0] for row in FRONTS])
def test_each_type(world: World, kind: str, url: str, model: str, asks: str) -> None:
    """The type comes from the host's name; without a model nobody is asked, and nothing is kept."""
    given: dict[str, Any] = {**CLOUD, "endpoint": url, "model": None}
    with pytest.raises(UsageError, match=asks) as wrong:
        world.onboard(stdin=KEYS[kind], **given)
    assert "--model" in (wrong.value.hint or "")
    assert world.files() == set()
    world.onboard(stdin=KEYS[kind], **{**given, "model": model})
    assert f'type = "{kind}"' in world.config
    assert f'model = "{kind}/{model}"' in world.config
    assert world.run("ask", "hello")[:2] == (0, "hello")


def test_a_deployment_is_typed(world: World) -> None:
    """Azure lists what could be deployed, and not what is."""
    person = Person(("The name of your deployment", "sim-deployment"))
    given = {**CLOUD, "endpoint": AZURE, "key_stdin": False, "model": None}
    person.answers.insert(0, ("Its name here", DEFAULT))
    person.answers.insert(1, ("The key of azure", KEYS["azure"]))
    person.answers.append(("Shall azure answer", False))
    world.onboard(person, **given)
    assert "engine" not in world.config
    assert "ask -m azure/sim-deployment" in person.said


def test_an_endpoint_without_a_list(world: World) -> None:
    """Its model is typed."""
    world.sim.fault("ollama_models", status=404, body="404 page not found")
    person = Person(("The key of here", ""), ("Its model", "llama-sim:latest"))
    world.onboard(person, method="byok", endpoint=LOCAL, name="here", default=True)
    assert 'model = "here/llama-sim:latest"' in world.config


# --- order, and what a failure leaves -------------------------------------------------------------


def test_the_order_of_effects(world: World) -> None:
    """The store is there before anything is sent, the key and the settings after the answer."""
    world.onboard(stdin=KEY, **CLOUD)
    assert world.endpoints == ["openai_models", "openai_chat"]
    assert all(SEALED in request.files for request in world.requests)
    assert not any("config.toml" in request.files for request in world.requests)


@pytest.mark.parametrize("end", ["openai_models", "openai_chat"])
def test_a_refused_key_saves_nothing(world: World, end: str) -> None:
    """At the list, or at the first answer where the list asks for no key: exit code 3."""
    world.sim.fault(end, status=401, body={"error": {"message": "no such key"}}, times=9)
    with pytest.raises(SignInError, match="refused the key") as refused:
        world.onboard(stdin=KEY, **CLOUD)
    assert refused.value.exit_code == 3
    assert world.files() == set()


def test_a_wrong_key_saves_nothing(world: World) -> None:
    """As the provider itself says it; the key is not repeated."""
    with pytest.raises(SignInError) as refused:
        world.onboard(stdin="sk-madeUpForTests0000000", **CLOUD)
    assert "madeUp" not in f"{refused.value.message} {refused.value.hint} {world.said}"
    assert world.files() == set()


def test_an_endpoint_that_is_not_there_saves_nothing(world: World) -> None:
    """Exit code 6, and whether it is running is the question."""
    world.sim.fault("ollama_models", connect_error=True, times=9)
    with pytest.raises(NetworkError) as failed:
        world.onboard(method="byok", endpoint=LOCAL, model="llama-sim:latest", yes=True)
    assert failed.value.exit_code == 6
    assert failed.value.hint
    assert world.files() == set()


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), STOP], ids=["signal", "menu"])
def test_a_stop_saves_nothing(world: World, stop: BaseException) -> None:
    """Ctrl-C in the first answer."""

    def show(*_: object) -> None:
        raise stop

    with pytest.raises((KeyboardInterrupt, Interrupted)):
        world.onboard(stdin=KEY, show=show, **CLOUD)
    assert world.files() == set()


def test_any_other_failure_of_the_first_answer_keeps_the_endpoint(world: World) -> None:
    """A limit, a quota, a service out of order: said, another model is offered, exit code 0."""
    world.sim.fault("openai_chat", status=429, body={"error": {"code": "insufficient_quota"}})
    person = Person(
        ("Its name here", DEFAULT),
        ("The key of openai", KEY),
        ("Try another model?", True),
        ("Which model?", "gpt-sim-think"),
    )
    world.onboard(person, **{**CLOUD, "key_stdin": False}, default=True)
    assert "The first answer failed: " in person.said
    assert "The endpoint is kept all the same." in person.said
    assert 'model = "openai/gpt-sim-think"' in world.config


def test_no_verify_skips_the_answer_and_not_the_list(world: World) -> None:
    """The key is proven all the same."""
    world.onboard(stdin=KEY, verify=False, **CLOUD)
    assert world.endpoints == ["openai_models"]
    assert stored(world) == [("byok", "api.openai.com", "openai")]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "a b",
        "ghu_madeUpForTests0000000000000000000000",
        "github_pat_madeUpForTests0000000000000000000000",
        "tid=madeUp;exp=1;sku=x",
        "madeUpOldToken",
    ],
)
def test_what_cannot_be_a_key(world: World, key: str) -> None:
    """Exit code 2: no key at all, or one of GitHub's or Copilot's, also where a variable has it."""
    world.environ["GH_TOKEN"] = "madeUpOldToken"
    with pytest.raises(UsageError, match="--key-stdin: ") as wrong:
        world.onboard(stdin=key, **CLOUD)
    assert "madeUp" not in wrong.value.message
    assert world.files() == set()
    assert world.endpoints == []


def test_a_store_that_cannot_be_made_asks_the_endpoint_nothing(world: World) -> None:
    """Exit code 10 before any request."""
    world.home.mkdir()
    (world.home / "secrets").write_text("in the way")
    with pytest.raises(StoreError):
        world.onboard(stdin=KEY, **CLOUD)
    assert world.endpoints == []


# --- a second run ---------------------------------------------------------------------------------


def test_a_second_endpoint_joins_the_first(world: World) -> None:
    """Both are there; the newer is the default only where that was wanted."""
    world.onboard(stdin=KEY, **CLOUD)
    given = {**CLOUD, "endpoint": AZURE, "model": "sim-deployment", "store": None}
    world.onboard(stdin=KEYS["azure"], **given, default=False)
    assert stored(world) == [
        ("byok", "acme.openai.azure.com", "azure"),
        ("byok", "api.openai.com", "openai"),
    ]
    assert 'model = "openai/gpt-sim"' in world.config
    world.onboard(stdin=KEYS["azure"], **given, default=True, force=True)
    assert 'model = "azure/sim-deployment"' in world.config
    assert world.config.count("default = true") == 1
    assert world.build(None).endpoints.default() == "azure"


def test_an_endpoint_is_replaced_by_a_yes(world: World) -> None:
    """The key of the other host goes, and so does what the old one had beside it."""
    write(
        world,
        f'# mine\n[endpoints.mine]\nurl = "{OPENAI}"\nwire = "responses"\n'
        'headers = { X-Team = "a" }\n',
    )
    world.onboard(stdin=KEY, **CLOUD, name="mine", force=True)
    given = {**CLOUD, "endpoint": AZURE, "model": "sim-deployment", "name": "mine", "store": None}
    person = Person(("Replace mine (https://api.openai.com)?", False))
    before = world.config
    with pytest.raises(Interrupted):
        world.onboard(person, **{**given, "key_stdin": False})
    assert world.config == before
    with pytest.raises(UsageError, match="there is an endpoint mine already") as wrong:
        world.onboard(stdin=KEYS["azure"], **given)
    assert "--force" in (wrong.value.hint or "")
    world.onboard(stdin=KEYS["azure"], **given, force=True)
    assert stored(world) == [("byok", "acme.openai.azure.com", "mine")]
    assert world.config.startswith("# mine\n")
    assert "wire" not in world.config
    assert "headers" not in world.config
    assert world.run("ask", "hello")[:2] == (0, "hello")


def test_a_key_that_is_gone_is_not_kept(world: World) -> None:
    """Who sets an endpoint of this machine up anew without a key has none stored."""
    given: dict[str, Any] = {
        "method": "byok",
        "endpoint": LOCAL,
        "name": "here",
        "model": "llama-sim:latest",
        "store": "keyfile",
    }
    world.onboard(stdin="made-up-key", key_stdin=True, **given)
    assert stored(world) == [("byok", "127.0.0.1:11434", "here")]
    world.onboard(force=True, **given)
    assert stored(world) == []


# --- beside Copilot -------------------------------------------------------------------------------


def test_an_endpoint_beside_a_sign_in(world: World) -> None:
    """Copilot stays the default unless the person says otherwise; both answer by their names."""
    world.onboard(method="device", store="keyfile", verify=False)
    world.onboard(stdin=KEY, **CLOUD)
    assert 'engine = "direct"' in world.config
    assert 'model = "sim-docs"' in world.config
    assert world.run("ask", "-m", "openai/gpt-sim", "hello")[:2] == (0, "hello")
    assert world.run("ask", "-m", "copilot/sim-echo", "hello")[:2] == (0, "hello")
    assert stored(world) == [
        ("byok", "api.openai.com", "openai"),
        ("github", "github.com", "octocat"),
    ]
    world.onboard()
    assert "Already signed in as octocat" in world.said


def test_a_sign_in_beside_an_endpoint(world: World) -> None:
    """A sign-in is for Copilot: it answers from then on, and the risk is said now."""
    world.onboard(stdin=KEY, **CLOUD)
    assert RISK not in world.said.replace("\n", " ")
    world.onboard(method="device", verify=False)
    assert RISK in world.said.replace("\n", " ")
    assert 'engine = "direct"' in world.config
    assert 'model = "sim-docs"' in world.config


def test_engine_byok_is_method_byok_as_the_default(world: World) -> None:
    """`--engine byok` beside a sign-in makes the endpoint the default."""
    world.onboard(method="device", store="keyfile", verify=False)
    given = {**CLOUD, "method": None}
    world.onboard(stdin=KEY, **given, options={"engine": "byok"})
    assert 'engine = "byok"' in world.config


def test_variables_that_will_win_are_named(world: World) -> None:
    """They describe an endpoint of their own."""
    world.environ["COPILOT_PROVIDER_BASE_URL"] = AZURE
    world.onboard(stdin=KEY, **CLOUD)
    assert "COPILOT_PROVIDER_… are set and will win" in world.said


def test_a_chat_that_follows_has_the_endpoint(world: World) -> None:
    """Who is signed out and opens the chat is not asked whether it is to be the default."""
    person = Person(("The key of openai", KEY))
    world.onboard(person, **{**CLOUD, "key_stdin": False}, name="openai", then_chat=True)
    assert 'engine = "byok"' in world.config
    assert "Later:" in person.said


# --- a dry run ------------------------------------------------------------------------------------


def test_a_dry_run_names_every_file_that_a_run_writes(world: World) -> None:
    """Before that nothing is written, asked or sent."""
    plan = {line.partition(" (")[0] for line in world.plan(**CLOUD)}
    assert world.files() == set()
    assert world.endpoints == []
    world.onboard(stdin=KEY, **CLOUD)
    written = {str(path) for path in world.home.rglob("*") if path.is_file()}
    assert plan == written


def test_a_dry_run_without_a_key(world: World) -> None:
    """There is nothing to seal."""
    plan = world.plan(method="byok", endpoint=LOCAL)
    assert [line.partition(" (")[0] for line in plan] == [
        str(world.home / "config.toml"),
        str(world.home / "config.lock"),
    ]


@pytest.mark.parametrize("url", ["https://[", "ollama", "http://far.example"])
def test_a_dry_run_of_an_address_that_cannot_be(world: World, url: str) -> None:
    """It is refused as a run refuses it."""
    with pytest.raises(UsageError, match=r"^--endpoint: must be an https address"):
        world.plan(method="byok", endpoint=url)
