"""What a text says of a provider: its type by the host's name, its base address, its key."""

import pytest

from copilot_cli import providers, routing

MADE_UP = "sk-madeUpForTests0000"


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://api.openai.com", "openai"),
        ("http://127.0.0.1:11434", "openai"),
        ("https://acme.openai.azure.com", "azure"),
        ("https://ACME.OpenAI.Azure.com/openai/deployments/x", "azure"),
        ("https://acme.cognitiveservices.azure.com", "azure"),
        ("https://acme.services.ai.azure.com/models", "azure"),
        ("https://acme.openai.azure.com.", "azure"),
        ("https://api.anthropic.com/v1", "anthropic"),
        # Only the host's name counts: everything else can be worded by anybody.
        ("https://evil.example/api.anthropic.com", "openai"),
        ("https://evil.example/acme.openai.azure.com", "openai"),
        ("https://api.anthropic.com.evil.example", "openai"),
        ("https://acme.openai.azure.com.evil.example", "openai"),
        ("https://openai.azure.com", "openai"),
        ("https://notopenai.azure.com", "openai"),
        ("https://not-api.anthropic.com", "openai"),
    ],
)
def test_the_type_is_guessed_from_the_host_s_name(url: str, kind: str) -> None:
    """Paths and longer names that only look like a provider's are none of it."""
    assert providers.guess(url) == kind


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http://localhost:11434/", ("http://localhost:11434", None)),
        (" https://Host.example/V1/ ", ("https://host.example/V1", None)),
        ("https://h.example/v1/chat/completions", ("https://h.example/v1", None)),
        ("https://h.example/v1/responses", ("https://h.example/v1", None)),
        ("https://h.example/v1/messages", ("https://h.example/v1", None)),
        ("https://h.example/v1/models", ("https://h.example/v1", None)),
        (
            "https://a.openai.azure.com/openai/v1/chat/completions?api-version=2024-10-21",
            ("https://a.openai.azure.com/openai/v1", "2024-10-21"),
        ),
        ("https://h.example/my/models-proxy", ("https://h.example/my/models-proxy", None)),
    ],
)
def test_an_address_is_cut_down_to_its_base(text: str, found: tuple[str, str | None]) -> None:
    """What a console shows as the address of a request is taken too."""
    assert providers.address(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h.example",
        "http://h.example",
        "http://127.0.0.1.h.example",
        "https://me:hidden@h.example",
        "https://h.example?key=hidden",
        "https://h.example?api-version=hidden&key=hidden",
        "https://h.example?api-version=hid/den",
        "https://h.example#hidden",
        "https://h.example:99999",
        "ftp://h.example",
    ],
)
def test_an_address_that_cannot_be_used(text: str) -> None:
    """https, or http on this machine; no user, no query; and the value is not repeated."""
    with pytest.raises(ValueError, match=r"must (not )?be ") as wrong:
        providers.address(text)
    assert "hid" not in str(wrong.value)


def test_a_key_is_kept_for_a_host_with_its_port() -> None:
    """Another port may be another person's service."""
    assert providers.place("http://127.0.0.1:11434/v1") == "127.0.0.1:11434"
    assert providers.place("https://h.example/v1") == "h.example"


@pytest.mark.parametrize("name", ["ollama", "a", "my.vllm-2_x", "0"])
def test_names(name: str) -> None:
    """Letters, digits, dots, underscores, hyphens."""
    assert providers.name_fault(name) is None


@pytest.mark.parametrize("name", ["", "Ollama", "a/b", "a b", ".a", "-a", "a" * 41, "é"])
def test_names_that_cannot_be(name: str) -> None:
    """A name is a prefix of models and a word of the settings."""
    assert "made of" in (providers.name_fault(name) or "")


@pytest.mark.parametrize(
    "name", [*sorted(routing.COPILOT), "direct", "official", "byok", "cli", routing.ENV]
)
def test_names_that_mean_something_else(name: str) -> None:
    """Prefixes of Copilot and the engines' names are taken."""
    assert "something else" in (providers.name_fault(name) or "")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://127.0.0.1:11434", "ollama"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://api.openai.com/v1", "openai"),
        ("https://acme.openai.azure.com", "azure"),
        ("http://localhost:9999", "local"),
        ("http://[::1]:9999", "local"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://llm.corp.example", "corp"),
        ("https://api.github.com", "own"),
    ],
)
def test_a_name_to_offer(url: str, name: str) -> None:
    """It can be used as it is."""
    assert providers.name_for(url) == name
    assert providers.name_fault(name) is None


@pytest.mark.parametrize("value", ["ollama", "x", MADE_UP, "e" * 3000])
def test_keys(value: str) -> None:
    """Local servers take any word, clouds long ones."""
    assert providers.key_fault(value, {"GH_TOKEN": "other"}) is None


@pytest.mark.parametrize("value", ["", "a b", "a\nb", "é", "x" * 8193])
def test_keys_that_cannot_be_sent(value: str) -> None:
    """What would break a header is refused, and not repeated."""
    wrong = providers.key_fault(value, {})
    assert wrong is not None
    assert "cannot be sent" in wrong


@pytest.mark.parametrize(
    "value",
    [
        "ghp_madeUpForTests0000000000000000000000",
        "gho_madeUpForTests0000000000000000000000",
        "ghu_madeUpForTests0000000000000000000000",
        "ghs_madeUpForTests0000000000000000000000",
        "ghr_madeUpForTests0000000000000000000000",
        "github_pat_madeUpForTests0000000000000000000000",
        "tid=madeup;exp=1;sku=x:sig",
        "exp=1;tid=madeup:sig",
        "madeUpOldToken",
    ],
)
def test_a_token_of_github_is_no_key(value: str) -> None:
    """By its form, or because a variable holds the same as a GitHub token."""
    wrong = providers.key_fault(value, {"GH_TOKEN": "madeUpOldToken"})
    assert wrong is not None
    assert "goes to no other service" in wrong
    assert value not in wrong


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        *((key, True) for key in ("key", "api_key", "apiKey", "API-KEY", "token", "bearer_token")),
        *((key, True) for key in ("Authorization", "x-api-key", "Cookie", "password")),
        *((key, False) for key in ("url", "model", "headers", "HTTP-Referer", "max_tokens")),
    ],
)
def test_names_of_secrets(key: str, secret: bool) -> None:
    """What stands under such a name belongs into the store."""
    assert providers.names_secret(key) is secret
