"""`demo` without a terminal: the whole way, with the answer on stdout and nothing left behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PASSWORD = "madeUpProxyPassword"  # made up
BROKEN = f"http://user:{PASSWORD}@127.0.0.1:1"
NETWORKS: dict[str, dict[str, str]] = {
    "none": {},
    "a proxy that is not there": dict.fromkeys(("HTTPS_PROXY", "http_proxy", "ALL_PROXY"), BROKEN),
    "SOCKS": dict.fromkeys(("ALL_PROXY", "all_proxy"), "socks5://127.0.0.1:1"),
    "nonsense": dict.fromkeys(("https_proxy", "HTTP_PROXY", "all_proxy"), "gopher://a:b:c"),
    "no CA": dict.fromkeys(("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"), "/nonesuch"),
    "offline": {"COPILOT_OFFLINE": "1"},
}


@pytest.mark.real
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_the_demo_in_a_pipe(network: dict[str, str], tmp_path: Path) -> None:
    """One sample question, its answer alone on stdout, exit code 0; no account is looked at.

    Nothing of the network matters: the demo speaks to this machine alone.
    """
    environ = {
        **network,
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path),
        "COPILOT_CHAT_HOME": str(tmp_path / "mine"),
        "COPILOT_CHAT_TOKEN": "ghu_madeUpForTests0000000000000000000000",
        "COPILOT_CHAT_MODEL": "nonesuch",
        "COPILOT_CHAT_ENGINE": "direct",
        "GH_HOST": "acme.ghe.com",
    }
    done = subprocess.run(
        [sys.executable, "-m", "copilot_cli", "demo"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environ,
        timeout=60,
        check=False,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == 0, err
    assert "ask" in out
    assert "Source: docs/" in out
    assert "type the code" not in out
    assert "Signed in as octocat" in err
    assert "That was the demo; nothing of it was kept." in err
    assert "nonesuch" not in err
    assert PASSWORD not in out + err
    assert list(tmp_path.iterdir()) == []
