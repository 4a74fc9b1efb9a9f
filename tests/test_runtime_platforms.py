"""Which package fits which machine, and what is said where none does."""

import pytest

from copilot_cli.errors import SettingsError
from copilot_cli.runtime.platforms import PLATFORMS, here
from copilot_cli.runtime.versions import INTEGRITY

MACHINES = [
    ("linux", "x86_64", False, "linux-x64"),
    ("linux", "aarch64", False, "linux-arm64"),
    ("linux", "x86_64", True, "linuxmusl-x64"),
    ("linux", "aarch64", True, "linuxmusl-arm64"),
    ("darwin", "x86_64", False, "darwin-x64"),
    ("darwin", "arm64", False, "darwin-arm64"),
    ("win32", "AMD64", False, "win32-x64"),
    ("win32", "ARM64", False, "win32-arm64"),
]


@pytest.mark.parametrize(("system", "machine", "musl", "name"), MACHINES)
def test_each_machine_has_its_package(system: str, machine: str, musl: bool, name: str) -> None:
    """By Python's own words for it, and the C library on Linux alone."""
    found = here(system, machine, lambda: musl)
    assert (found.name, found.package) == (name, f"@github/copilot-{name}")
    assert found.files == (found.executable, "runtime.node")
    assert found.executable.endswith(".exe") == (system == "win32")


@pytest.mark.parametrize(
    ("system", "machine"),
    [
        ("linux", "riscv64"),
        ("linux", "i686"),
        ("linux", ""),
        ("freebsd14", "amd64"),
        ("android", "aarch64"),
        ("cygwin", "x86_64"),
    ],
)
def test_elsewhere_it_says_which_engines_work(system: str, machine: str) -> None:
    """Nothing is asked of the network for a platform without a runtime."""
    with pytest.raises(SettingsError) as caught:
        here(system, machine, lambda: False)
    assert system in caught.value.message
    assert "direct and byok" in (caught.value.hint or "")


def test_this_machine_is_one_of_them_or_none() -> None:
    """Whatever it is, looking never fails otherwise."""
    try:
        found = here()
    except SettingsError:
        return
    assert found in PLATFORMS


def test_every_platform_has_a_hash() -> None:
    """A version that is pinned is pinned for all of them."""
    for hashes in INTEGRITY.values():
        assert set(hashes) == {platform.name for platform in PLATFORMS}
        assert len(set(hashes.values())) == len(PLATFORMS)
