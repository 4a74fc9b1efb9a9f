"""Changes the keys of a store, and dies at the n-th thing that it does to a file.

    python tests/rekeying_process.py FOLDER rotate|move STEP

FOLDER has a store that a key file opens. Exit code 9: it died; 0: there was no such step.
"""

import os
import sys
from pathlib import Path

from copilot_cli.secret import Secret
from copilot_cli.store import files
from copilot_cli.store.keys import FileKey, PassphraseKey
from copilot_cli.store.rekeying import move, rotate
from copilot_cli.store.secrets import SecretStore

TOUCHES = frozenset({"os.rename", "os.remove"})
PASSPHRASE = "made up for these tests"


def main(folder: Path, action: str, step: int) -> None:
    key = FileKey(folder / "key", store_folder=folder / "secrets")
    store = SecretStore(folder, key=key)
    store.entries()
    left = step

    def die(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        makes = event == "open" and int(str(arguments[2])) & os.O_CREAT
        if event in TOUCHES or makes:
            left -= 1
            if left < 0:
                os._exit(9)

    sys.addaudithook(die)
    if action == "rotate":
        rotate(store, [key])
    else:
        new = PassphraseKey(lambda: Secret(PASSPHRASE), cost=15)
        move(
            store,
            new,
            keep=False,
            settle=lambda: files.write_atomic(folder / "setting", b"passphrase"),
        )
    left = 1 << 30


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
