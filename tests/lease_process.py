"""One process of tests/test_token_processes.py: the real store, cache, lock and HTTP client.

    python -m tests.lease_process '{"home": ..., "url": ..., "do": ...}'

It prints `ready`, waits for a line, does one thing and prints one line: a digest of the Copilot
token, or the error's class, exit code and message. `do`: `get`; `invalidate` the token that was in
the cache when it was ready, then get; `hold` the lock until it is killed, having printed `held`.
`skew` (seconds) moves its clock, `lock_wait` (seconds) shortens its patience, `cache` gives it a
cache of its own. Sleeps between attempts take no time.
"""

import hashlib
import json
import os
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from copilot_cli.auth import device
from copilot_cli.auth.accounts import Account, StoredLogin
from copilot_cli.auth.copilot_token import TokenLease
from copilot_cli.auth.exchange import exchange
from copilot_cli.auth.lease_values import CopilotToken
from copilot_cli.errors import CopilotChatError
from copilot_cli.paths import locate
from copilot_cli.secret import Secret
from copilot_cli.store.cache import TokenCache, cache_place
from copilot_cli.store.keys import FileKey
from copilot_cli.store.secrets import SecretStore

ACCOUNT = Account("github.com", "octocat")


def open_store(home: Path) -> SecretStore:
    """Return the store that all processes of one home share."""
    paths = locate(str(home), {})
    key = FileKey(paths.key_file, store_folder=paths.secrets_dir)
    return SecretStore(paths.data_dir, key=key)


def open_cache(home: Path, store: SecretStore, name: str | None = None) -> TokenCache:
    """Return the account's token cache, sealed with the store's key; `name` makes it another."""
    paths = locate(str(home), {})
    place = cache_place(
        paths._replace(cache_dir=paths.cache_dir / name) if name else paths,
        {},
        os.geteuid(),
        sys.platform,
        host=ACCOUNT.host,
        login=ACCOUNT.login,
        store_key=True,
    )
    subkey = partial(store.subkey, "token-cache")
    return TokenCache(place, host=ACCOUNT.host, login=ACCOUNT.login, subkey=subkey)


def digest(token: Secret) -> str:
    """Return what tells tokens apart without showing them."""
    return hashlib.sha256(token.reveal().encode()).hexdigest()[:16]


def main(options: dict[str, Any]) -> str:
    """Do what `options` say, and return the line to print."""
    home, url = Path(options["home"]), options["url"]
    client = httpx.Client(verify=False, trust_env=False, headers={"User-Agent": "tests"})
    store = open_store(home)
    cache = open_cache(home, store, options.get("cache"))

    def now() -> float:
        return time.time() + float(options.get("skew", 0.0))

    def ask(token: Secret, seconds: float) -> CopilotToken:
        return exchange(client, url, token, now=now, headers={}, seconds=seconds)

    refresh = partial(device.refresh, client, url)
    lease = TokenLease(
        cache=cache,
        login=StoredLogin(store, ACCOUNT, refresh=refresh, now=now),
        exchange=ask,
        endpoints=(url, ""),
        now=now,
        sleep=lambda seconds: None,
        monotonic=time.monotonic,
        lock_wait=float(options.get("lock_wait", 20.0)),
    )
    known = cache.read()
    print("ready", flush=True)
    sys.stdin.readline()
    if options["do"] == "hold":
        with cache.lock(5.0):
            print("held", flush=True)
            threading.Event().wait()
    if options["do"] == "invalidate" and known is not None and known.token is not None:
        lease.invalidate(CopilotToken(known.token, 0.0, 0.0, 0.0, "", None))
    return digest(lease.get().token)


if __name__ == "__main__":
    try:
        print(main(json.loads(sys.argv[1])), flush=True)
    except CopilotChatError as error:
        print(f"{type(error).__name__} {error.exit_code} {error.message}", flush=True)
