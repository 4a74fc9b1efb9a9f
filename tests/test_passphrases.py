"""The six-word passphrase: words that are all different, drawn at random."""

import math

from copilot_cli.store import passphrases


def test_the_list_is_worth_what_it_says() -> None:
    """Each word is there once, in order, plain and short; six of them have 63 bits."""
    words = passphrases.WORDS
    assert list(words) == sorted(set(words))
    assert all(word.isascii() and word.islower() and 3 <= len(word) <= 7 for word in words)
    assert f"list of {len(words)}" in (passphrases.__doc__ or "")
    assert math.floor(passphrases.WORD_COUNT * math.log2(len(words))) == 63


def test_a_generated_passphrase_has_six_words_and_is_another_each_time() -> None:
    """Twenty drawings give twenty passphrases of listed words."""
    drawn = {passphrases.generate().reveal() for _ in range(20)}
    assert len(drawn) == 20
    assert all(set(each.split("-")) <= set(passphrases.WORDS) for each in drawn)
    assert all(len(each.split("-")) == 6 for each in drawn)
