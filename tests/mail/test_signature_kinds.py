"""Emails show what was signed, link to confirm and withdraw, and run no injected code."""

import email.header
import re
from typing import Any

import pytest
from hypothesis import given, strategies as st

from chalicelib.aws.email import Mail
from chalicelib.core.tokens import Purpose, read
from chalicelib.mail.kind import Content, NotSent
from chalicelib.mail.model import MailRequest
from chalicelib.mail.send import compose
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS, confirmable_until, delivery_key
from chalicelib.petitions.edit import publish
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import MailKind, Signature
from chalicelib.signatures.names import clean_name
from tests.actors import ALICE, DAY, NOW, OPENED, SITE, TOKEN_KEYS, WELSH, a_mail_context, a_petition
from tests.fake_site import link_in, token_in
from tests.fakes import FakeTables

UNCONFIRMED = (MailKind.CONFIRM, MailKind.REMINDER)
KINDS = [*UNCONFIRMED, MailKind.ALREADY_SIGNED, MailKind.RECEIPT]
every_kind = pytest.mark.parametrize("kind", KINDS)
EVIL = "<script>alert(1)</script>\"'&{{7*7}}"


def a_signature(**changes: Any) -> Signature:
    values: dict[str, Any] = {
        "state": "pending",
        "signed_at": NOW,
        "name": ALICE.name,
        "email": ALICE.email,
        "country": "GB",
        "source": "bbc",
        "obtained_by": "x",
        "channel": "form",
        "text_version": "x",
        "consent_version": "x",
    }
    return Signature.model_validate(values | changes)


def a_mail(kind: MailKind = MailKind.CONFIRM, petition: Petition | None = None, **changes: Any) -> Mail:
    tables, key = FakeTables(), delivery_key("safe-children", "ab" * 16)
    publish(petition or a_petition(), OPENED, tables)
    state = {} if kind in UNCONFIRMED else {"state": "confirmed", "confirmed_at": NOW}
    stored = a_signature(**state | changes).model_dump(exclude_none=True)
    content = SIGNATURE_KINDS[kind].contents(key, stored, a_mail_context(), NOW, tables)
    assert isinstance(content, Content)
    request = MailRequest(kind=kind, key=key, requested_at="2026-11-24T12:00:00Z")
    return compose(request, SIGNATURE_KINDS[kind], content)


def test_the_email_restates_the_signature_and_each_consent() -> None:
    for text in (a_mail(postcode="M1 1AE").text, a_mail(postcode="M1 1AE").html):
        for expected in (ALICE.name, "United Kingdom", "M1 1AE", a_petition().title, a_petition().sign_wording):
            assert expected in text
    assert "Email updates: no\nSend me updates" in a_mail().text
    assert "Email updates: no</strong> – Send me updates" in a_mail().html
    assert "Email updates: yes\nSend me updates" in a_mail(updates=True).text


def test_the_email_to_confirm_thanks_the_signer_and_repeats_its_link_as_text() -> None:
    mail, link = a_mail(), link_in(a_mail(), "confirm")
    for part in (mail.text, mail.html):
        assert "Thank you for signing. Please confirm that it was you." in part
    assert f'href="{SITE}{link}"' in mail.html
    assert f">{SITE}{link}</a>" in mail.html


@every_kind
def test_an_email_comes_from_the_charity_and_needs_no_image(kind: MailKind) -> None:
    mail = a_mail(kind)
    assert mail.sender_name == "Harbour for Children"
    assert [part for part in ("<img", "url(", "<script", "<link") if part in mail.html] == []


@every_kind
def test_an_email_is_in_the_language_of_its_signature(kind: MailKind) -> None:
    petition = a_petition(translations={"cy": WELSH})
    mail = a_mail(kind, petition, language="cy")
    assert '<html lang="cy" dir="ltr">' in mail.html
    assert WELSH["title"] in mail.subject
    assert WELSH["sign_wording"] in mail.text or kind is MailKind.ALREADY_SIGNED
    links = re.findall(rf"{SITE}/\S+", mail.text)
    assert links
    assert [link for link in links if not link.endswith("lang=cy")] == []
    assert "Questions about your data" not in mail.text + mail.html
    assert "lang=" not in a_mail(kind, petition).text


def test_a_receipt_is_only_for_a_confirmed_signature() -> None:
    tables, stored = FakeTables(), a_signature().model_dump(exclude_none=True)
    publish(a_petition(), OPENED, tables)
    key = delivery_key("safe-children", "ab" * 16)
    receipt = SIGNATURE_KINDS[MailKind.RECEIPT]
    assert receipt.contents(key, stored, a_mail_context(), NOW, tables) is NotSent.DROPPED


def test_the_email_names_the_day_after_closing_as_the_deadline_but_the_link_lasts_14_days() -> None:
    petition = a_petition(closes_at=NOW + DAY)
    mail = a_mail(petition=petition)
    assert confirmable_until(petition, NOW) == NOW + 2 * DAY
    assert "26 November 2026 at 12:00 GMT" in mail.text
    assert read(Purpose.CONFIRM, token_in(link_in(mail, "confirm")), NOW + 13 * DAY, TOKEN_KEYS)


def test_the_deadline_moves_while_the_petition_is_paused() -> None:
    paused = a_petition(closes_at=NOW + DAY, state="paused", paused_at=NOW)
    assert confirmable_until(paused, NOW + 5 * DAY) == NOW + 7 * DAY


@every_kind
def test_every_email_has_a_link_to_withdraw(kind: MailKind) -> None:
    mail = a_mail(kind)
    token = token_in(link_in(mail, "withdraw"))
    assert read(Purpose.WITHDRAW, token, NOW + 900 * DAY, TOKEN_KEYS).signature_id == "ab" * 16
    assert f"{SITE}/withdraw?token={token}" in mail.html


@every_kind
@pytest.mark.parametrize("updates", [True, False])
def test_only_subscribers_get_an_unsubscribe_link_and_one_click_headers(kind: MailKind, updates: bool) -> None:
    mail = a_mail(kind, updates=updates)
    assert ("/unsubscribe?token=" in mail.text) is updates
    assert ("/unsubscribe?token=" in mail.html) is updates
    if updates:
        link = mail.headers["List-Unsubscribe"]
        assert link.startswith(f"<{SITE}/unsubscribe?token=")
        assert read(Purpose.UNSUBSCRIBE, token_in(link.strip("<>")), NOW, TOKEN_KEYS)
        assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    else:
        assert not mail.headers


@pytest.mark.parametrize("updates", [True, False])
def test_the_already_signed_email_has_no_name_and_offers_updates_to_a_person_without(updates: bool) -> None:
    mail = a_mail(MailKind.ALREADY_SIGNED, updates=updates)
    assert "already signed" in mail.subject
    for text in (mail.text, mail.html):
        assert ALICE.name not in text
        assert ("/confirm?" in text) is not updates


@every_kind
def test_petition_texts_are_escaped(kind: MailKind) -> None:
    evil = dict.fromkeys(("title", "target", "charity", "sign_wording", "updates_wording"), EVIL)
    mail = a_mail(kind, a_petition(**evil), updates=True)
    assert "<script" not in mail.html
    assert "49" not in mail.subject


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_an_accepted_name_cannot_add_lines_tags_or_headers(typed: str) -> None:
    try:
        name = clean_name(f"A{typed}")
    except ValueError:
        return
    mail, harmless = a_mail(name=name), a_mail(name="A")
    assert len(mail.text.splitlines()) == len(harmless.text.splitlines())
    assert mail.html.count("<") == harmless.html.count("<")
    assert mail.subject == harmless.subject
    assert mail.headers == harmless.headers
    email.header.Header(mail.subject, "utf-8").encode()


def test_a_name_that_may_be_a_message_is_not_in_the_email() -> None:
    typed = "Claim a prize at example dot com today"
    mail = a_mail(name=typed)
    assert typed not in mail.subject + mail.text + mail.html
    assert "Hello," in mail.text
    assert "as you typed it" in mail.text
