"""One mailbox, one person: however somebody types their address."""

import pytest
from hypothesis import given, strategies as st

from chalicelib.signatures.address import Address, AddressError, canonical, read_address, signature_id

LOCAL = st.from_regex(r"[a-z0-9]([a-z0-9.]{0,8}[a-z0-9])?", fullmatch=True).filter(lambda text: ".." not in text)
DOMAIN = st.sampled_from(["gmail.com", "googlemail.com", "mail.example", "outlook.com", "xn--bcher-kva.example"])


@given(LOCAL, DOMAIN)
def test_the_canonical_form_of_a_canonical_form_is_itself(local: str, domain: str) -> None:
    once = canonical(local, domain)
    assert canonical(*once.split("@")) == once


@given(LOCAL, DOMAIN, st.text("abc123.-_", min_size=1, max_size=9).map(lambda tag: tag.strip(".").replace("..", "")))
def test_case_and_tag_never_make_another_person(local: str, domain: str, tag: str) -> None:
    typed = f"{local.upper()}+{tag or 'x'}@{domain.title()}"
    assert read_address(typed).canonical == read_address(f"{local}@{domain}").canonical


@given(LOCAL.filter(lambda text: len(text) > 1))
def test_dots_make_no_other_person_at_gmail_and_do_elsewhere(local: str) -> None:
    dotted = f"{local[0]}.{local[1:]}" if local[1] != "." else local
    same = read_address(f"{dotted}@gmail.com").canonical == read_address(f"{local}@googlemail.com").canonical
    other = read_address(f"{dotted}@mail.example").canonical == read_address(f"{local}@mail.example").canonical
    assert (same, other) == (True, dotted == local)


def test_two_people_at_one_provider_stay_two() -> None:
    assert read_address("alice@gmail.com").canonical != read_address("alicia@gmail.com").canonical
    assert read_address("alice@gmail.com").canonical != read_address("alice@mail.example").canonical


def test_mail_goes_to_the_address_as_it_was_typed() -> None:
    address = read_address("Alice.A+petitions@GMail.com")
    assert address == Address("Alice.A+petitions@gmail.com", "alicea@gmail.com")


def test_an_international_domain_becomes_what_ses_can_send_to() -> None:
    assert read_address("anita@bücher.example").deliverable == "anita@xn--bcher-kva.example"


@pytest.mark.parametrize("twin", ["anita@BÜCHER.example", "anita@bu\u0308cher.example", "anita@xn--bcher-kva.example"])
def test_one_international_domain_has_one_canonical_form(twin: str) -> None:
    assert read_address(twin).canonical == read_address("anita@bücher.example").canonical


@pytest.mark.parametrize(
    "typed",
    [
        "", "alice", "alice@", "@mail.example", "alice@mail", "alice @mail.example", "alice@mail..example",
        "alice@mail.example\nBcc: bob@mail.example", "alice@mail.example,bob@mail.example", "a@b@mail.example",
        "<alice@mail.example>", "Alice <alice@mail.example>", '"a b"@mail.example', "alice@[127.0.0.1]",
        "alice\x00@mail.example", f"{'a' * 65}@mail.example", f"alice@{'a.' * 130}example",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(AddressError, match=r"^Enter an e-mail address"):
        read_address(typed)


@pytest.mark.parametrize("typed", ["jörg@mail.example", "用户@mail.example", "\uff41lice@mail.example"])
def test_a_local_part_ses_cannot_send_to_is_told_apart(typed: str) -> None:
    with pytest.raises(AddressError, match="We cannot send mail"):
        read_address(typed)


@given(st.text(max_size=60))
def test_any_text_at_all_is_an_address_or_a_complaint(typed: str) -> None:
    try:
        address = read_address(typed)
    except AddressError:
        return
    assert address.deliverable.isascii()
    assert not any(character.isspace() or character in '<>,;\\"' for character in address.deliverable)


def test_an_id_is_the_same_for_one_person_and_differs_by_petition_and_by_secret() -> None:
    known = signature_id("one", "alice@mail.example", "secret")
    assert known == signature_id("one", "alice@mail.example", "secret")
    others = {
        signature_id("two", "alice@mail.example", "secret"),
        signature_id("one", "bob@mail.example", "secret"),
        signature_id("one", "alice@mail.example", "another"),
    }
    assert len(others | {known}) == 4


def test_an_id_is_128_bits_and_says_nothing() -> None:
    identity = signature_id("one", "alice@mail.example", "secret")
    assert len(bytes.fromhex(identity)) == 16
