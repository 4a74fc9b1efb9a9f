"""`python -m copilot_cli` is `copilot-chat`."""

from copilot_cli.main import run

if __name__ == "__main__":
    run()
