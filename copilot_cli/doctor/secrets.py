"""The sealed store and what opens it: looked at, and opened only where nobody has to be asked."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from copilot_cli.doctor.check import Check, NotChecked
from copilot_cli.doctor.examination import Examination
from copilot_cli.errors import (
    CopilotChatError,
    KeyringLocked,
    KeyringUnavailable,
    StoreError,
)

_PROBE = "doctor"  # a name under which nothing is kept: asking for it changes nothing


def store(examination: Examination) -> Iterator[Check]:
    """The file of the sealed secrets: owner, mode, slots, and how many it holds."""
    vault = examination.app.vault
    _ = examination.settings
    facts = vault.store.describe()
    if not facts["exists"]:
        yield Check("store", "pass", "nothing is stored")
        return
    if facts["problem"]:
        fix = _hint(vault.store.names) or "`copilot-chat onboard` sets it aside and signs in anew"
        yield Check("store", "fail", facts["problem"], fix)
        return
    slots = ", ".join(_slot(slot) for slot in facts["slots"])
    entries = len(facts["names"])
    detail = f"{facts['path']}: {slots}; {entries} {'entry' if entries == 1 else 'entries'}"
    yield Check("store", "pass", f"{detail}, {facts['size']} bytes, mode {facts['mode']}")


def _slot(slot: Mapping[str, Any]) -> str:
    left_over = " (left over)" if slot.get("left_over") else ""
    return f"{slot['type']} {slot['kid']}{left_over}"


def _hint(look: Callable[[], object]) -> str | None:
    try:
        look()
    except CopilotChatError as error:
        return error.hint
    return None


def key(examination: Examination) -> Iterator[Check]:
    """Whether the store opens, without waiting for anybody: no passphrase is asked for."""
    vault = examination.app.vault
    _ = examination.settings
    if not vault.store.exists():
        raise NotChecked("nothing is stored")
    if examination.keyring_keeps_shut:
        raise NotChecked("the keyring does not open it now")
    if vault.needs_passphrase:
        raise NotChecked("the passphrase is not asked for here; COPILOT_CHAT_PASSPHRASE gives it")
    try:
        vault.quiet_store.subkey("token-cache")
    except KeyringLocked as error:
        yield Check("key", "warn", error.message, error.hint)
    except StoreError as error:
        yield Check("key", "fail", error.message, error.hint)
    else:
        yield Check("key", "pass", f"the store opens ({vault.kind})")


def keyring(examination: Examination) -> Iterator[Check]:
    """Whether the system's keyring answers in time; nothing is written to it."""
    from copilot_cli.store.os_keyring import DEADLINE, OsKeyring

    settings = examination.settings
    if settings.no_keyring:
        raise NotChecked("COPILOT_CHAT_NO_KEYRING is set")
    kind = settings.store or ""
    found = OsKeyring(setting=kind if kind.startswith("keyring:") else None)
    needed = examination.app.vault.kind.startswith("keyring")
    name = f"{found.title} ({found.backend_class})"
    try:
        found.read(_PROBE)
    except KeyringUnavailable as error:
        examination.keyring_answers = False
        fix = error.hint if needed else None
        detail = error.message if needed else f"{error.message}; another store does without it"
        yield Check("keyring", "fail" if needed else "pass", detail, fix)
    except KeyringLocked as error:  # a keyring that does not answer in time, too
        examination.keyring_answers = False
        yield Check("keyring", "warn", error.message, error.hint)
    except CopilotChatError as error:
        fix = error.hint or "copilot-chat config set store keyring"
        yield Check("keyring", "fail", error.message, fix)
    else:
        yield Check("keyring", "pass", f"{name} answers within {DEADLINE:g} s")
