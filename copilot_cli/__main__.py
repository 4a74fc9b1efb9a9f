"""The program's start: `python -m copilot_cli` is `copilot-chat`.

Rule: nothing is imported before the collector is told, which would look through what imports make.
"""

import gc


def start() -> None:
    """Run the program and leave with its exit code: the console script.

    The collector costs a short answer a tenth of its CPU. Imports make many objects and no garbage;
    a long chat is still collected, each hundred thousand objects. When the process ends, what is in
    cycles is left to the system with all its memory, and not taken apart: whatever has to be closed
    is closed by then.
    """
    gc.set_threshold(100_000, 20, 20)
    from copilot_cli.main import run

    try:
        run()
    finally:
        gc.freeze()


if __name__ == "__main__":
    start()
