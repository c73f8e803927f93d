"""Tokens are valid for one purpose, one signature and a limited time."""

import string
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from chalicelib.core.errors import LinkDamaged, LinkExpired
from chalicelib.core.tokens import Purpose, Subject, issue, read
from tests.actors import DAY, NOW, TOKEN_KEYS

SUBJECTS = st.builds(
    Subject,
    slug=st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True),
    signature_id=st.binary(min_size=16, max_size=16).map(bytes.hex),
    country=st.sampled_from(["GB", "NL", ""]),
    source=st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True),
)
PURPOSES = st.sampled_from(list(Purpose))
SUBJECT = Subject("safe-children", "ab" * 16, "GB", "direct")
TOKEN = issue(Purpose.CONFIRM, SUBJECT, NOW + DAY, TOKEN_KEYS)


@given(SUBJECTS, PURPOSES)
def test_a_token_contains_its_subject(subject: Subject, purpose: Purpose) -> None:
    token = issue(purpose, subject, NOW + DAY, TOKEN_KEYS)
    assert read(purpose, token, NOW, TOKEN_KEYS) == subject


@given(st.integers(0, len(TOKEN) - 1), st.characters(exclude_categories=["Zs", "Zl", "Zp", "Cc"]))
def test_a_changed_token_is_damaged(place: int, character: str) -> None:
    damaged = TOKEN[:place] + character + TOKEN[place + 1 :]
    if damaged == TOKEN:
        return
    with pytest.raises(LinkDamaged):
        read(Purpose.CONFIRM, damaged, NOW, TOKEN_KEYS)


OTHER_LAST_CHARACTERS = (string.ascii_letters + string.digits + "-_").replace(TOKEN[-1], "")


@pytest.mark.parametrize(
    "text",
    [
        *(f"{TOKEN}{end}" for end in ("=", "==", ">=", "==junk", "!*=")),
        *(f"{TOKEN[:-1]}{last}" for last in OTHER_LAST_CHARACTERS),
        *("", TOKEN[:-1], TOKEN[:10], "\ud800", "a.\udfff", "é.é", ".", "~" * 100, "x" * 100_000, "\x00.\x00"),
    ],
)
def test_any_other_text_is_a_damaged_token(text: str) -> None:
    with pytest.raises(LinkDamaged):
        read(Purpose.CONFIRM, text, NOW, TOKEN_KEYS)


def test_spaces_around_a_token_are_ignored() -> None:
    assert read(Purpose.CONFIRM, f" {TOKEN}\n", NOW, TOKEN_KEYS) == SUBJECT


def test_a_token_is_for_one_purpose() -> None:
    for purpose in (Purpose.WITHDRAW, Purpose.UNSUBSCRIBE):
        with pytest.raises(LinkDamaged):
            read(purpose, TOKEN, NOW, TOKEN_KEYS)


def test_an_expired_token_names_its_petition() -> None:
    assert read(Purpose.CONFIRM, TOKEN, NOW + DAY - timedelta(seconds=1), TOKEN_KEYS)
    with pytest.raises(LinkExpired) as caught:
        read(Purpose.CONFIRM, TOKEN, NOW + DAY, TOKEN_KEYS)
    assert caught.value.slug == "safe-children"


def test_links_stay_valid_after_a_key_rotation() -> None:
    rotated = TOKEN_KEYS | {"v3": "newer-still"}
    assert read(Purpose.CONFIRM, TOKEN, NOW, rotated) == SUBJECT
    newer = issue(Purpose.CONFIRM, SUBJECT, NOW + DAY, rotated)
    with pytest.raises(LinkDamaged):
        read(Purpose.CONFIRM, newer, NOW, TOKEN_KEYS)


def test_a_token_fits_a_link_without_escaping() -> None:
    assert all(character.isalnum() or character in "-._~" for character in TOKEN)
