"""Where the person's npm fetches from: which place wins, what each may say, and who gets tokens."""

from pathlib import Path

import pytest

from copilot_cli.errors import SettingsError
from copilot_cli.runtime.npmrc import DEFAULT, Npm, read

TOKEN = "npm_madeUpForTests00000000000000000000"


class Places:
    """A home and a project, each with or without an `.npmrc`."""

    def __init__(self, folder: Path) -> None:
        self.home, self.project = folder / "home", folder / "project"
        self.home.mkdir()
        self.project.mkdir()
        self.environ: dict[str, str] = {}

    def own(self, text: str) -> None:
        (self.home / ".npmrc").write_text(text, "utf-8")

    def projects(self, text: str) -> None:
        (self.project / ".npmrc").write_text(text, "utf-8")

    def read(self) -> Npm:
        project = self.project / ".npmrc"
        return read(self.environ, self.home, project if project.exists() else None)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def test_without_a_word_it_is_npms_own(places: Places) -> None:
    """And nothing is shown there."""
    found = places.read()
    assert (found.registry, found.source, found.authorization(DEFAULT)) == (
        DEFAULT,
        "npm's default",
        {},
    )


def test_each_place_wins_over_the_next(places: Places) -> None:
    """A variable over the project's file over the person's own over the global one."""
    file = places.home / "global"
    file.write_text("registry=https://four.example\n")
    places.environ["npm_config_globalconfig"] = str(file)
    assert places.read().registry == "https://four.example"
    places.own("registry = https://three.example/npm/\n")
    assert places.read().registry == "https://three.example/npm"
    places.projects("registry=https://two.example\n")
    assert places.read().registry == "https://two.example"
    assert places.read().source == str(places.project / ".npmrc")
    places.environ["NPM_CONFIG_REGISTRY"] = "https://one.example/"
    assert places.read().registry == "https://one.example"


def test_the_registry_of_the_scope_wins_over_any_other(places: Places) -> None:
    """As npm has it: the scope first, wherever it stands."""
    places.own("@github:registry=https://scope.example\n@other:registry=https://no.example\n")
    places.environ["npm_config_registry"] = "https://general.example"
    assert places.read().registry == "https://scope.example"


def test_another_file_may_be_the_persons_own(places: Places) -> None:
    """`npm_config_userconfig` names it."""
    places.own("registry=https://no.example")
    other = places.home / "other"
    other.write_text("registry=https://yes.example")
    places.environ["NPM_CONFIG_USERCONFIG"] = str(other)
    assert places.read().registry == "https://yes.example"


def test_the_form_of_the_file(places: Places) -> None:
    """Comments, blanks, quotes, a byte order mark, and lines that are none of ours."""
    places.own(
        "\ufeff; registry=https://no.example\n# registry=https://no.example\n\n[section]\n"
        'fund=false\nca[]="x"\nalone\n  registry = "https://yes.example/a b"\nregistry = '
        "'https://yes.example'\n"
    )
    assert places.read().registry == "https://yes.example"


@pytest.mark.parametrize(
    "text",
    [
        "http://registry.example",
        "ftp://x.example",
        "registry.example",
        "https://u:p@x.example",
        "file:///etc",
        "https://x.example/?a=b",
    ],
)
def test_an_address_that_cannot_be_used_names_its_place(places: Places, text: str) -> None:
    """The value is not repeated; there is another way to a package."""
    places.own(f"registry={text}\n")
    with pytest.raises(SettingsError) as caught:
        places.read()
    assert str(places.home / ".npmrc") in caught.value.message
    assert text not in caught.value.message
    assert "--file PATH" in (caught.value.hint or "")


def test_http_is_for_this_machine(places: Places) -> None:
    """A registry on loopback needs no certificate."""
    places.own("registry=http://127.0.0.1:4873/\n")
    assert places.read().registry == "http://127.0.0.1:4873"


def test_a_token_goes_to_its_host_alone(places: Places) -> None:
    """And there to its part of it: the longest place that fits."""
    places.own(
        f"//npm.example/:_authToken={TOKEN}\n//npm.example/private/:_authToken={TOKEN}2\n"
        f"//npm.example:8443/:_authToken={TOKEN}3\n//Basic.example/x/:_auth=bWFkZTp1cDEyMw==\n"
    )
    find = places.read().authorization
    assert find("https://npm.example/@github%2fx") == {"Authorization": f"Bearer {TOKEN}"}
    assert find("https://NPM.example/private/x") == {"Authorization": f"Bearer {TOKEN}2"}
    assert find("https://npm.example/privately") == {"Authorization": f"Bearer {TOKEN}"}
    assert find("https://npm.example:8443/") == {"Authorization": f"Bearer {TOKEN}3"}
    assert find("https://basic.example/x/y") == {"Authorization": "Basic bWFkZTp1cDEyMw=="}
    for other in (
        "https://npm.example.evil.example/",
        "https://evil.example/npm.example/",
        "https://npm.example:444/",
        "https://basic.example/y",
        "https://xnpm.example/",
        "https://npm.example@evil.example/",
    ):
        assert find(other) == {}


def test_variables_are_put_into_the_persons_own_file(places: Places) -> None:
    """As npm does it; one that is not set makes the line say nothing."""
    places.environ |= {"NPM_TOKEN": TOKEN, "NPM_HOST": "npm.example"}
    places.own(
        "registry=https://${NPM_HOST}/\n//npm.example/:_authToken=${NPM_TOKEN}\n"
        "//other.example/:_authToken=${NONE_SUCH}\n//third.example/:_authToken=${NONE_SUCH?}\n"
    )
    found = places.read()
    assert found.registry == "https://npm.example"
    assert found.authorization("https://npm.example/x") == {"Authorization": f"Bearer {TOKEN}"}
    assert found.authorization("https://other.example/x") == {}
    assert found.authorization("https://third.example/x") == {}


@pytest.mark.parametrize(
    ("written", "registry"),
    [
        ("https://${NPM_HOST}", "https://npm.example"),
        ("https://x${NOT_SET}.${NPM_HOST}", DEFAULT),
        ("https://${NPM_HOST}/${NOT_SET}", DEFAULT),
        ("https://${NOT_SET}.${NPM_HOST}", DEFAULT),
        ("https://${NPM_HOST}/${NOT_SET?}", "https://npm.example"),
        ("https://${NPM_HOST}/${EMPTY}", "https://npm.example"),
    ],
    ids=["set", "in the middle", "last", "first", "may be missing", "empty"],
)
def test_a_line_with_a_variable_that_is_not_set_says_nothing(
    places: Places, written: str, registry: str
) -> None:
    """An address with a hole in it would be another host's; with `?` the hole is meant."""
    places.environ |= {"NPM_HOST": "npm.example", "EMPTY": ""}
    places.own(f"registry={written}\n")
    assert places.read().registry == registry


def test_the_persons_own_file_is_theirs_also_where_they_work_in_their_home(places: Places) -> None:
    """It is no project's then, and gets its variables."""
    places.environ["NPM_HOST"] = "npm.example"
    places.own("registry=https://${NPM_HOST}\n")
    found = read(places.environ, places.home, places.home / ".npmrc")
    assert found.registry == "https://npm.example"


def test_a_projects_file_gets_nothing_of_the_environment(places: Places) -> None:
    """It may come with a cloned repository: what it names it may not read, but its own token."""
    places.environ["GITHUB_TOKEN"] = TOKEN
    places.projects(
        "registry=https://npm.example\n//npm.example/:_authToken=${GITHUB_TOKEN}\n"
        "//own.example/:_authToken=madeUpByTheProject\n"
    )
    found = places.read()
    assert found.registry == "https://npm.example"
    assert found.authorization("https://npm.example/x") == {}
    assert found.authorization("https://own.example/x") == {
        "Authorization": "Bearer madeUpByTheProject"
    }


def test_a_projects_file_does_not_take_a_token_elsewhere(places: Places) -> None:
    """The person's token is bound to its host, whatever registry a project names."""
    places.own(f"//npm.example/:_authToken={TOKEN}\n")
    places.projects("registry=https://evil.example\n")
    found = places.read()
    assert found.authorization(f"{found.registry}/@github%2fx") == {}


def test_a_token_that_cannot_be_sent_is_not_repeated(places: Places) -> None:
    """A line break or a letter beyond ASCII in it would be another header."""
    places.own("//npm.example/:_authToken=märchen-und-mehr\n")
    with pytest.raises(SettingsError) as caught:
        places.read()
    assert "_authToken" in caught.value.message
    assert "märchen" not in f"{caught.value.message}{caught.value.hint}"


def test_tokens_are_not_shown(places: Places) -> None:
    """In no representation of what was read."""
    places.own(f"//npm.example/:_authToken={TOKEN}\n")
    assert TOKEN not in repr(places.read())


def test_files_that_cannot_be_read(places: Places) -> None:
    """A folder in its place, or one that is far too long, is said."""
    (places.home / ".npmrc").mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        places.read()
    (places.home / ".npmrc").rmdir()
    places.own("x" * 300_000)
    with pytest.raises(SettingsError, match="too long"):
        places.read()


def test_nobody_has_a_home(places: Places) -> None:
    """Then there is no file of their own."""
    assert read({}, None, None).registry == DEFAULT
