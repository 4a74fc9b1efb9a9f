"""The quota that reply headers tell."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.engines.quota_headers import read_snapshots
from copilot_cli.messages import QuotaSnapshot

SNAPSHOTS = {
    "all fields": (
        "ent=300&rem=80.5&ov=0&ovPerm=false&rst=2026-12-01T00%3A00%3A00Z",
        QuotaSnapshot("chat", 300.0, 80.5, 0.0, False, "2026-12-01T00:00:00Z"),
    ),
    "unlimited": ("ent=-1&rem=100", QuotaSnapshot("chat", -1.0, 100.0, None, None, None)),
    "overdrawn": (
        "ent=300&rem=-12.5&ov=37.5&ovPerm=true",
        QuotaSnapshot("chat", 300.0, -12.5, 37.5, True, None),
    ),
    "unknown fields": ("totRem=7&rem=1", QuotaSnapshot("chat", None, 1.0, None, None, None)),
    "a date with an offset": (
        "rst=2026-12-01T00:00:00+00:00",
        QuotaSnapshot("chat", None, None, None, None, "2026-12-01T00:00:00+00:00"),
    ),
    "the last of two": ("rem=1&rem=2", QuotaSnapshot("chat", None, 2.0, None, None, None)),
    "no figures": ("ent=&rem=nan&ov=many", QuotaSnapshot("chat", None, None, None, None, None)),
    "nothing": ("", QuotaSnapshot("chat", None, None, None, None, None)),
}


@pytest.mark.parametrize(("value", "expected"), SNAPSHOTS.values(), ids=SNAPSHOTS)
def test_a_snapshot_is_read(value: str, expected: QuotaSnapshot) -> None:
    """Figures may be floats and negative; what cannot be read is None."""
    assert list(read_snapshots({"X-Quota-Snapshot-Chat": value})) == [expected]


def test_each_quota_has_its_header() -> None:
    """Every quota is told, and other headers are none."""
    headers = {
        "x-quota-snapshot-chat": "rem=1",
        "content-type": "text/event-stream",
        "x-quota-snapshot-premium_interactions": "rem=2",
    }
    found = {quota.name: quota.remaining_percent for quota in read_snapshots(headers)}
    assert found == {"chat": 1.0, "premium_interactions": 2.0}


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_header_is_a_snapshot(value: str) -> None:
    """A header that makes no sense stops no answer."""
    (snapshot,) = read_snapshots({"x-quota-snapshot-chat": value})
    assert snapshot.name == "chat"
