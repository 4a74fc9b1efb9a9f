"""Endpoints of one's own: which there are, whose key goes where, and who answers."""

import json
from pathlib import Path

import pytest

from copilot_cli.commands.repl import start
from copilot_cli.errors import SettingsError, SignInError, UsageError
from copilot_cli.secret import Secret
from copilot_cli.simulator.scenario import KEYS
from tests.endpoint_world import ANTHROPIC, AZURE, KEY, LOCAL, OPENAI, seal, sent, write
from tests.wizard_world import Person, World

TWO = f"""
[endpoints.cloud]
url = "{OPENAI}"
model = "gpt-sim"
[endpoints.here]
url = "{LOCAL}"
type = "openai"
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


# --- which there are ------------------------------------------------------------------------------


def test_those_of_the_settings_and_that_of_the_variables(world: World) -> None:
    """In the settings' order, the variables' last; no key is with them."""
    write(world, TWO)
    world.environ |= {"COPILOT_PROVIDER_BASE_URL": AZURE, "COPILOT_PROVIDER_API_KEY": "made-up"}
    endpoints = world.build(None).endpoints
    assert endpoints.names() == ("cloud", "here", "env")
    found = endpoints.all()
    assert [(each.name, each.type, each.base_url, each.key) for each in found] == [
        ("cloud", "openai", OPENAI, None),
        ("here", "openai", LOCAL, None),
        ("env", "azure", AZURE, None),
    ]
    assert endpoints.find("env").key == Secret("made-up")
    assert [endpoints.guessed(name) for name in endpoints.names()] == [True, False, True]


def test_one_that_is_not_there(world: World) -> None:
    """Exit code 2, with those that are."""
    write(world, TWO)
    with pytest.raises(UsageError) as wrong:
        world.build(None).endpoints.find("nonesuch")
    assert wrong.value.hint == "there are: cloud, here"


@pytest.mark.parametrize(
    ("settings", "variable", "name"),
    [
        (TWO, True, "env"),
        (f"{TWO}default = true", False, "here"),
        (TWO.partition("[endpoints.here]")[0], False, "cloud"),
    ],
    ids=["variables", "marked", "only"],
)
def test_the_default(world: World, settings: str, variable: bool, name: str) -> None:
    """That of the variables, else the one that is marked, else the only one."""
    write(world, settings)
    if variable:
        world.environ["COPILOT_PROVIDER_BASE_URL"] = AZURE
    assert world.build(None).endpoints.default() == name


@pytest.mark.parametrize(
    ("settings", "said", "hint"),
    [
        (TWO, "several endpoints could answer: cloud, here", "-m cloud/MODEL"),
        ("", "no endpoint of your own is set up", "onboard --method byok"),
        (
            f"{TWO}default = true\n[endpoints.more]\nurl='{AZURE}'\ndefault=true",
            "several endpoints could answer: here, more",
            "endpoints.here.default true",
        ),
    ],
    ids=["several", "none", "two marked"],
)
def test_no_default(world: World, settings: str, said: str, hint: str) -> None:
    """Exit code 2, and how to choose."""
    write(world, settings)
    with pytest.raises(SettingsError) as wrong:
        world.build(None).endpoints.default()
    assert wrong.value.message == said
    assert hint in (wrong.value.hint or "")


# --- whose key goes where -------------------------------------------------------------------------


def test_a_key_is_opened_for_its_own_host(world: World) -> None:
    """The name and the host of the address lead to it."""
    write(world, f'store = "keyfile"\n{TWO}')
    seal(world, "cloud", "api.openai.com", KEY)
    endpoints = world.build(None).endpoints
    assert endpoints.find("cloud").key == Secret(KEY)
    assert endpoints.find("here").key is None


def test_an_address_that_was_edited_does_not_get_the_key(world: World) -> None:
    """Nothing is sent: the key was given for another host, and that is said."""
    write(world, TWO.replace(OPENAI, AZURE))
    seal(world, "cloud", "api.openai.com", KEY)
    code, out, err = world.run("ask", "-m", "cloud/sim-deployment", "hello")
    assert (code, out) == (3, "")
    assert "was given for api.openai.com, and is not sent to acme.openai.azure.com" in err
    assert "onboard --method byok --name cloud" in err
    assert world.sim.log == []


def test_an_address_edited_to_this_machine_goes_without_the_key(world: World) -> None:
    """An endpoint here may have none."""
    write(world, TWO.replace(OPENAI, LOCAL))
    seal(world, "cloud", "api.openai.com", KEY)
    code, out, err = world.run("ask", "-m", "cloud/llama-sim:latest", "hello")
    assert (code, out) == (0, "hello")
    assert KEY not in str(sent(world))
    host = LOCAL.removeprefix("http://").partition("/")[0]
    said = f"the key of cloud was given for api.openai.com, and is not sent to {host}"
    assert err.count(said) == 1
    assert "onboard --method byok --name cloud" in err


def test_another_port_is_another_host(world: World) -> None:
    """What listens there may be somebody else's."""
    write(world, TWO.replace(OPENAI, f"{OPENAI}:8443"))
    seal(world, "cloud", "api.openai.com", KEY)
    with pytest.raises(SignInError, match=r"not sent to api\.openai\.com:8443"):
        world.build(None).endpoints.find("cloud")


# --- who answers ----------------------------------------------------------------------------------


ANSWERS = [
    ("openai", OPENAI, "gpt-sim", ("authorization", f"Bearer {KEYS['openai']}")),
    ("azure", AZURE, "sim-deployment", ("api-key", KEYS["azure"])),
    ("anthropic", ANTHROPIC, "claude-sim", ("x-api-key", KEYS["anthropic"])),
]


@pytest.mark.parametrize(
    ("kind", "url", "model", "header"), ANSWERS, ids=[row[0] for row in ANSWERS]
)
def test_a_sealed_key_and_a_prefix(
    world: World, kind: str, url: str, model: str, header: tuple[str, str]
) -> None:
    """`-m NAME/MODEL`: the endpoint is asked with its key, as its type wants it."""
    write(world, f'store = "keyfile"\n[endpoints.mine]\nurl = "{url}"\n')
    seal(world, "mine", url.removeprefix("https://"), KEYS[kind])
    code, out, err = world.run("ask", "-m", f"mine/{model}", "hello")
    assert (code, out) == (0, "hello"), err
    assert f"type {kind}, guessed from its host" in err
    assert {host for host, _ in sent(world)} == {url.removeprefix("https://")}
    assert sent(world)[-1][1][header[0]] == header[1]


def test_the_type_is_said_only_where_it_is_guessed(world: World) -> None:
    """With `type` in the settings there is nothing to say."""
    write(world, TWO)
    code, out, err = world.run("ask", "-m", "here/llama-sim:latest", "hello")
    assert (code, out, err) == (0, "hello", "")


@pytest.mark.parametrize("how", ["option", "variable", "settings"])
def test_the_engine_is_chosen(world: World, how: str) -> None:
    """By `--engine byok`, COPILOT_CHAT_ENGINE or the setting; the endpoint's model answers."""
    one = f'[endpoints.here]\nurl = "{LOCAL}"\nmodel = "llama-sim:latest"\n'
    write(world, f'engine = "byok"\n{one}' if how == "settings" else one)
    if how == "variable":
        world.environ["COPILOT_CHAT_ENGINE"] = "byok"
    words = ["--engine", "byok"] if how == "option" else []
    code, out, err = world.run("ask", *words, "hello")
    assert (code, out) == (0, "hello"), err
    assert [entry.endpoint for entry in world.sim.log] == ["ollama_chat"]


def test_variables_answer_where_nobody_is_signed_in(world: World) -> None:
    """By themselves, which is said; with a model they need nothing else."""
    world.environ |= {
        "COPILOT_PROVIDER_BASE_URL": OPENAI,
        "COPILOT_PROVIDER_API_KEY": KEY,
        "COPILOT_MODEL": "gpt-sim",
    }
    code, out, err = world.run("ask", "hello")
    assert (code, out) == (0, "hello"), err
    assert "nobody is signed in: https://api.openai.com answers, of the variable" in err
    assert [host for host, _ in sent(world)] == ["api.openai.com"]


def test_variables_do_not_answer_where_somebody_is_signed_in(world: World) -> None:
    """Only `--engine byok` has them answer then, and not with a model of Copilot's."""
    world.onboard(method="device", store="keyfile", verify=False)
    world.environ |= {"COPILOT_PROVIDER_BASE_URL": OPENAI, "COPILOT_PROVIDER_API_KEY": KEY}
    world.sim.log.clear()
    assert world.run("ask", "hello")[0] == 0
    assert "api.openai.com" not in str(sent(world))
    world.environ["COPILOT_PROVIDER_MODEL_ID"] = "gpt-sim"
    world.sim.log.clear()
    assert world.run("ask", "--engine", "byok", "hello")[:2] == (0, "hello")
    assert {host for host, _ in sent(world)} == {"api.openai.com"}
    assert 'model = "sim-docs"' in world.config


def test_variables_do_not_answer_for_copilot(world: World) -> None:
    """Who names the engine or Copilot's prefix is not sent elsewhere."""
    world.environ |= {"COPILOT_PROVIDER_BASE_URL": OPENAI, "COPILOT_PROVIDER_API_KEY": KEY}
    for words in (("--engine", "direct"), ("-m", "copilot/sim-echo")):
        code, _, err = world.run("ask", *words, "hello")
        assert (code, world.sim.log) == (3, [])
        assert "nobody is signed in to github.com" in err


@pytest.mark.parametrize("token", ["GITHUB_TOKEN", "GH_TOKEN"])
def test_a_token_that_cannot_sign_in_is_nobody(world: World, token: str) -> None:
    """As in CI, where there is always one of an installation."""
    world.environ |= {
        "COPILOT_PROVIDER_BASE_URL": LOCAL,
        "COPILOT_MODEL": "llama-sim:latest",
        token: "ghs_madeUpForTests0000000000000000000000",
    }
    assert world.run("ask", "hello")[:2] == (0, "hello")
    assert "ghs_" not in str(sent(world))


def test_a_model_of_the_settings_belongs_to_their_engine(world: World) -> None:
    """`--engine direct` does not take an endpoint's model along, nor `--engine byok` Copilot's."""
    write(world, f'engine = "byok"\nmodel = "cloud/gpt-sim"\n{TWO}')
    assert world.build(None, {"engine": "direct"}).route == ("direct", None, None)
    assert world.build(None, {"engine": "byok"}).route == ("byok", "cloud", "gpt-sim")
    write(world, f'engine = "direct"\nmodel = "sim-echo"\n{TWO}default = true')
    assert world.build(None).route == ("direct", None, "sim-echo")
    assert world.build(None, {"engine": "byok"}).route == ("byok", "here", None)
    assert world.build(None, {"engine": "byok", "model": "x"}).route == ("byok", "here", "x")


def test_variables_win_over_an_endpoint_of_the_settings(world: World) -> None:
    """As everywhere: option, variable, settings; a prefix on the command line still counts."""
    write(world, f'engine = "byok"\nmodel = "cloud/gpt-sim"\n{TWO}')
    world.environ["COPILOT_PROVIDER_BASE_URL"] = AZURE
    assert world.build(None).route == ("byok", "env", None)
    assert world.build(None, {"model": "here/x"}).route == ("byok", "here", "x")
    assert world.build(None, {"model": "x"}).route == ("byok", "env", "x")


# --- which model ----------------------------------------------------------------------------------


def test_the_only_model_of_the_list(world: World) -> None:
    """An endpoint that names none and lists one."""
    write(world, f'store="keyfile"\nengine = "byok"\n[endpoints.mine]\nurl = "{AZURE}"\n')
    seal(world, "mine", "acme.openai.azure.com", KEYS["azure"])
    code, out, err = world.run("ask", "hello")
    assert (code, out) == (0, "hello"), err
    assert "model: sim-deployment" in err


def test_several_models_and_none_is_set(world: World) -> None:
    """Exit code 2, and how to set one."""
    write(world, f'engine = "byok"\n[endpoints.here]\nurl = "{LOCAL}"\n')
    code, out, err = world.run("ask", "hello")
    assert (code, out) == (2, "")
    assert "config set endpoints.here.model" in err


# --- the commands ---------------------------------------------------------------------------------


@pytest.fixture
def signed_out(world: World) -> World:
    """A world with an endpoint on this machine, no sign-in and no network."""
    write(
        world,
        f'engine = "byok"\n[endpoints.here]\nurl = "{LOCAL}"\ntype = "openai"\n'
        'model = "llama-sim:latest"\n',
    )
    world.environ["COPILOT_OFFLINE"] = "1"
    return world


@pytest.mark.parametrize(
    ("words", "stdin", "out"),
    [
        (("ask", "hello"), "", "hello"),
        (("ask", "--no-stream", "hello"), "", "hello"),
        (("ask", "--no-save", "hello"), "", "hello"),
        (("repl",), "hello\nagain\n", "helloagain"),
        (("explain", "ls -l"), "", "ls -l"),
        (("models",), "", "llama-sim:latest"),
        (("status",), "", "here"),
        (("sessions", "list"), "", ""),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else None,
)
def test_everything_works_here_without_a_network(
    signed_out: World, words: tuple[str, ...], stdin: str, out: str
) -> None:
    """Nobody is signed in, COPILOT_OFFLINE is set, and nothing leaves this machine."""
    code, said, err = signed_out.run(*words, stdin=stdin)
    assert code == 0, err
    assert out in said
    assert {host for host, _ in sent(signed_out)} <= {"127.0.0.1"}


def test_the_chat_s_first_line_names_the_endpoint(signed_out: World) -> None:
    """And nobody is asked to sign in."""
    signed_out.environ["TERM"] = "dumb"
    app = signed_out.build(Person())
    assert start(app) == 0
    assert f"llama-sim:latest · here ({LOCAL}) · /help" in signed_out.stderr.getvalue()


def test_status_names_the_endpoint(signed_out: World) -> None:
    """Nobody is signed in, and nothing is wrong with that: exit code 0."""
    code, out, _ = signed_out.run("status", "--json")
    facts = json.loads(out)
    assert (code, facts["signed_in"], facts["engine"]) == (0, False, "byok")
    assert facts["model"] == "llama-sim:latest"
    assert facts["endpoint"] == {
        "name": "here",
        "url": LOCAL,
        "type": "openai",
        "where": "config.toml",
    }
    assert f"endpoint\there: {LOCAL} (openai), of config.toml\n" in signed_out.run("status")[1]


def test_status_says_why_no_endpoint_answers(signed_out: World) -> None:
    """Several, and none is marked: shown, with the exit code of who is not signed in."""
    write(signed_out, f'engine = "byok"\n{TWO}')
    code, out, _ = signed_out.run("status")
    assert code == 3
    assert "but\tseveral endpoints could answer: cloud, here\n" in out


def test_suggest_works_here_without_a_network(signed_out: World) -> None:
    """The one command that wants a certain form of answer."""
    signed_out.sim.answer(text="```sh\nls\n```")
    code, out, err = signed_out.run("suggest", "list files")
    assert (code, out) == (0, "ls\n"), err


def test_offline_refuses_an_endpoint_elsewhere(signed_out: World) -> None:
    """Before anything is sent."""
    write(signed_out, f'engine = "byok"\n[endpoints.far]\nurl = "{OPENAI}"\nmodel = "x"\n')
    code, out, err = signed_out.run("ask", "hello")
    assert (code, out) == (6, "")
    assert "COPILOT_OFFLINE" in err
    assert signed_out.sim.log == []


def test_an_endpoint_s_conversation_is_gone_on_with(signed_out: World) -> None:
    """`-c` means the latest with this endpoint; what was said before goes along."""
    assert signed_out.run("ask", "first")[0] == 0
    assert signed_out.run("ask", "-c", "second")[:2] == (0, "second")
    assert "first" in str(signed_out.sim.log[-1].body)


def test_a_secret_in_the_settings_stops_every_command(world: World) -> None:
    """Exit code 2 with file and line, whoever is to answer."""
    write(world, f'{TWO}api_key = "hidden"\n')
    code, _, err = world.run("status")
    assert code == 2
    assert "config.toml:8: endpoints.here.api_key: looks like a secret" in err
    assert "hidden" not in err


def test_config_set_checks_an_endpoint(world: World) -> None:
    """A value that cannot be is not written, and a key never is."""
    assert world.run("config", "set", "endpoints.mine.url", LOCAL)[0] == 0
    assert world.run("config", "set", "endpoints.mine.default", "yes")[0] == 0
    before = world.config
    assert "default = true" in before
    for key, value in (("url", "http://h.example"), ("api_key", "hidden"), ("type", "x")):
        code, _, err = world.run("config", "set", f"endpoints.mine.{key}", value)
        assert (code, world.config) == (2, before)
        assert "hidden" not in err
