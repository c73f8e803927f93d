"""Pseudonyms are hashes that depend on a secret, a purpose and a text."""

from itertools import product

from chalicelib.core.address import oldest_secret, pseudonym


def test_purpose_secret_and_text_each_change_the_hash() -> None:
    inputs = product("ab", "cd", "ef")
    hashes = {pseudonym(secret, purpose, text) for secret, purpose, text in inputs}
    assert len(hashes) == 8
    assert all(len(each) == 32 for each in hashes)


def test_an_added_secret_changes_nothing() -> None:
    assert oldest_secret({"v1": "old"}) == oldest_secret({"v1": "old", "v2": "new"}) == "old"
