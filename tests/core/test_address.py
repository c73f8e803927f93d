"""Email addresses: all spellings of a mailbox are one person. Ids and pseudonyms are hashes that need a secret."""

import time
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given, strategies as st

from chalicelib.core.address import (
    Address,
    AddressError,
    canonical,
    oldest_secret,
    pseudonym,
    read_address,
    signature_id,
)

LOCAL = st.from_regex(r"[a-z0-9]([a-z0-9.]{0,8}[a-z0-9])?", fullmatch=True).filter(lambda text: ".." not in text)
TAG = st.text("abc123.-_", min_size=1, max_size=9).map(lambda tag: tag.strip(".").replace("..", ""))
DOMAIN = st.sampled_from(["gmail.com", "googlemail.com", "mail.example", "outlook.com", "xn--bcher-kva.example"])


@given(LOCAL, DOMAIN)
def test_canonical_is_idempotent(local: str, domain: str) -> None:
    once = canonical(local, domain)
    assert canonical(*once.split("@")) == once


@given(LOCAL, DOMAIN, TAG)
def test_case_and_tag_do_not_change_the_canonical_address(local: str, domain: str, tag: str) -> None:
    typed = f"{local.upper()}+{tag or 'x'}@{domain.title()}"
    assert read_address(typed).canonical == read_address(f"{local}@{domain}").canonical


@given(LOCAL.filter(lambda text: len(text) > 1))
def test_dots_are_ignored_only_at_gmail(local: str) -> None:
    dotted = f"{local[0]}.{local[1:]}" if local[1] != "." else local
    assert read_address(f"{dotted}@gmail.com").canonical == read_address(f"{local}@googlemail.com").canonical
    is_same = read_address(f"{dotted}@mail.example").canonical == read_address(f"{local}@mail.example").canonical
    assert is_same == (dotted == local)


def test_email_is_sent_to_the_typed_address() -> None:
    address = read_address("Alice.A+petitions@GMail.com")
    assert address == Address("Alice.A+petitions@GMail.com", "alicea@gmail.com")


def test_an_international_domain_is_converted_to_ascii() -> None:
    assert read_address("anita@Bücher.EXAMPLE").deliverable == "anita@xn--bcher-kva.example"
    assert read_address("anita@\u212aent.example").deliverable == "anita@kent.example", "the sign for kelvin is a K"


@pytest.mark.parametrize(
    "spelling", ["anita@BÜCHER.example", "anita@bu\u0308cher.example", "anita@xn--bcher-kva.example"]
)
def test_one_international_domain_has_one_canonical_form(spelling: str) -> None:
    assert read_address(spelling).canonical == read_address("anita@bücher.example").canonical


@pytest.mark.parametrize(
    "typed",
    [
        "", "alice", "alice@", "@mail.example", "alice@mail", "al ice@mail.example", "alice@mail..example",
        "alice@mail.example\nBcc: bob@mail.example", "alice@mail.example,bob@mail.example", "a@b@mail.example",
        "bob@mail.example <alice@mail.example>", "<alice@mail.example>, <bob@mail.example>", "alice@mail.example..",
        "<alice@mail.example", '"a b"@mail.example', "alice@[127.0.0.1]",
        "alice\x00@mail.example", f"{'a' * 65}@mail.example", f"alice@{'a.' * 130}example",
    ],
)  # fmt: skip
def test_an_invalid_address_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(AddressError, match="in the correct format"):
        read_address(typed)


def test_a_long_text_is_refused_before_it_is_parsed() -> None:
    """The parser would need two seconds. A partner may send as much."""
    began = time.thread_time()
    with pytest.raises(AddressError):
        read_address("a" + "\u0301\u0316" * 100_000 + "@mail.example")
    assert time.thread_time() - began < 0.5


@pytest.mark.parametrize(
    "pasted",
    [
        "  alice@mail.example\u00a0", "\ufeffalice@mail.example\u200b", "mailto:alice@mail.example",
        "MAILTO: alice@mail.example", "mailto:alice@mail.example?subject=Hello", "<alice@mail.example>",
        "<mailto:alice@mail.example>", "Alice <alice@mail.example>", '"Achterberg, Alice" <alice@mail.example>;',
        "alice@mail.example <alice@mail.example>", "alice@mail.example.", "alice@mail.example,",
        "<alice@mail.example>.", "alice @mail.example", "alice@ mail.example", "alice@mail.example ,",
        "\u202aalice@mail.example\u202c", "\u2068alice@mail.example\u2069", "alice@mail.example\u3000",
    ],
)  # fmt: skip
def test_characters_that_copying_adds_to_an_address_are_removed(pasted: str) -> None:
    assert read_address(pasted) == Address("alice@mail.example", "alice@mail.example")


@pytest.mark.parametrize("typed", ["jörg@mail.example", "用户@mail.example", "\uff41lice@mail.example"])
def test_a_local_part_that_ses_cannot_send_to_has_its_own_message(typed: str) -> None:
    with pytest.raises(AddressError, match="We cannot send email"):
        read_address(typed)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_an_address_error(typed: str) -> None:
    try:
        address = read_address(typed)
    except AddressError:
        return
    assert address.deliverable.isascii()
    for character in address.deliverable:
        assert not character.isspace()
        assert character not in '<>,;\\"'


@pytest.mark.parametrize("hashed", [pseudonym, signature_id])
def test_every_part_and_the_secret_change_the_hash(hashed: Callable[[str, str, str], str]) -> None:
    """The parts of a pseudonym are its purpose and a text, those of a signature's id a petition and an address."""
    hashes = {hashed(*parts) for parts in product("ab", "cd", "ef")}
    assert len(hashes) == 8
    assert all(len(each) == 32 for each in hashes)


def test_an_added_secret_changes_nothing() -> None:
    assert oldest_secret({"v1": "old"}) == oldest_secret({"v1": "old", "v2": "new"}) == "old"
