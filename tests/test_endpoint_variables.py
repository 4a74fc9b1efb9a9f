"""The endpoint of the variables: each of them, and faults that name it and not its value."""

import pytest

from copilot_cli.endpoint_variables import guessed, read
from copilot_cli.engines.endpoint import Endpoint
from copilot_cli.errors import SettingsError
from copilot_cli.secret import Secret

URL = {"COPILOT_PROVIDER_BASE_URL": "https://h.example/v1/"}


def found(**environ: str) -> Endpoint:
    endpoint = read(URL | environ)
    assert endpoint is not None
    return endpoint


def test_no_address_is_no_endpoint() -> None:
    """A key alone describes none; a blank variable is an unset one."""
    assert read({"COPILOT_PROVIDER_API_KEY": "x", "COPILOT_PROVIDER_BASE_URL": " "}) is None


@pytest.mark.parametrize("name", ["COPILOT_PROVIDER_BASE_URL", "GITHUB_COPILOT_PROVIDER_URL"])
def test_either_variable_names_the_address(name: str) -> None:
    """It is called env, and says where it comes from."""
    endpoint = read({name: "http://localhost:11434"})
    assert endpoint == Endpoint(
        "env", "openai", "http://localhost:11434", where=f"the variable {name}"
    )


def test_where_both_are_set_the_one_with_the_key_s_prefix_wins() -> None:
    """A key meant for the one does not go to the other."""
    endpoint = found(GITHUB_COPILOT_PROVIDER_URL="https://other.example")
    assert endpoint.base_url == "https://h.example/v1"
    assert endpoint.where == "the variable COPILOT_PROVIDER_BASE_URL"


def test_all_of_them() -> None:
    """Type, key, bearer, wire, version, headers, model."""
    endpoint = found(
        COPILOT_PROVIDER_TYPE="Azure",
        COPILOT_PROVIDER_API_KEY="made-up-key\n",
        COPILOT_PROVIDER_BEARER_TOKEN="made-up-bearer",
        COPILOT_PROVIDER_WIRE_API="responses",
        COPILOT_PROVIDER_AZURE_API_VERSION="2024-10-21",
        COPILOT_PROVIDER_HEADERS="X-Team:a, X-Own-Key:made-up",
        COPILOT_PROVIDER_MODEL_ID="known",
        COPILOT_PROVIDER_WIRE_MODEL="mine",
    )
    assert endpoint._replace(where="") == Endpoint(
        "env",
        "azure",
        "https://h.example/v1",
        key=Secret("made-up-key"),
        bearer=Secret("made-up-bearer"),
        wire="responses",
        api_version="2024-10-21",
        headers={"X-Team": "a", "X-Own-Key": "made-up"},
        model="mine",
    )


def test_the_model_s_id_counts_where_the_wire_has_no_other() -> None:
    """`COPILOT_PROVIDER_MODEL_ID` alone is the name that is sent."""
    assert found(COPILOT_PROVIDER_MODEL_ID="known").model == "known"


def test_a_type_that_is_named_is_not_guessed() -> None:
    """A proxy of one's own may speak like Anthropic."""
    assert guessed(URL)
    assert not guessed(URL | {"COPILOT_PROVIDER_TYPE": "anthropic"})
    assert found(COPILOT_PROVIDER_TYPE="anthropic").type == "anthropic"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COPILOT_PROVIDER_BASE_URL", "http://hidden.example"),
        ("COPILOT_PROVIDER_TYPE", "hidden"),
        ("COPILOT_PROVIDER_API_KEY", "hid den"),
        ("COPILOT_PROVIDER_API_KEY", "ghu_hidden00000000000000000000"),
        ("COPILOT_PROVIDER_API_KEY", "hiddenOldToken"),
        ("COPILOT_PROVIDER_BEARER_TOKEN", "tid=hidden;exp=1"),
        ("COPILOT_PROVIDER_WIRE_API", "hidden"),
        ("COPILOT_PROVIDER_AZURE_API_VERSION", "hid/den"),
        ("COPILOT_PROVIDER_HEADERS", "hidden"),
        ("COPILOT_PROVIDER_HEADERS", "Authorization:hidden"),
        ("COPILOT_PROVIDER_HEADERS", "X-Auth:Bearer gho_hidden00000000000000000000"),
        ("COPILOT_PROVIDER_HEADERS", "X-Auth:hiddenOldToken"),
        ("COPILOT_PROVIDER_MODEL_ID", "hid\x07den"),
    ],
)
def test_a_malformed_variable_is_named_and_not_repeated(name: str, value: str) -> None:
    """Exit code 2; a token of GitHub's is malformed as a key."""
    with pytest.raises(SettingsError) as wrong:
        found(COPILOT_GITHUB_TOKEN="hiddenOldToken", **({name: value}))
    assert wrong.value.message.startswith(f"{name}: ")
    assert "hid" not in wrong.value.message + (wrong.value.hint or "")
