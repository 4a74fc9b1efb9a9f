"""Patterns that wait for their first use."""

import re

import pytest

from copilot_cli.patterns import bytes_pattern, pattern


def test_it_behaves_as_the_compiled_pattern() -> None:
    """Matching, replacing and splitting give what `re` gives."""
    lazy, compiled = pattern("a+(b)?", re.IGNORECASE), re.compile("a+(b)?", re.IGNORECASE)
    text = "xAAbxaax"
    assert lazy.sub("-", text) == compiled.sub("-", text)
    assert lazy.findall(text) == compiled.findall(text)
    assert lazy.fullmatch("AAB") is not None
    assert lazy.flags == compiled.flags
    assert bytes_pattern(rb"\d+").findall(b"1 22") == [b"1", b"22"]


def test_it_is_compiled_once_and_late() -> None:
    """A mistake is no failure of an import; a method looked up twice is the same one."""
    broken = pattern("(")
    with pytest.raises(re.error):
        broken.match("x")
    lazy = pattern("x")
    assert lazy.match is lazy.match
