"""Tests of letters: emails to staff that are marked as tests. Tests never go to the target, and are not counted.

Staff can send a test to any address. While a target is in test mode, people's letters to it go to its `test_to`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex

from chalicelib.aws.table import Item, Tables
from chalicelib.core.language import language_of, translatable
from chalicelib.core.letter_keys import letter_delivery, letter_ids
from chalicelib.core.settings import Reputation
from chalicelib.letters.model import letter_to_send, recipient, target_unless_removed
from chalicelib.letters.target_state import delete_test_address, store_test_address, target_state
from chalicelib.mail.deliveries import Deliveries
from chalicelib.mail.kind import Content, Kind, MailContext, NotSent, Outbox, by_name
from chalicelib.mail.model import MailRequest, Priority
from chalicelib.petitions.find import letter_as_signed, petition_as_stored
from chalicelib.petitions.letter import LetterTarget
from chalicelib.petitions.model import Petition
from chalicelib.signatures.letter import SignedLetter, letter_texts, render_letter
from chalicelib.signatures.look_up import find_by_id

SAMPLE_NAME = translatable("Name of the supporter")
# A test that staff send belongs to no signature: its key has an id with this prefix instead.
STAFF_TEST_PREFIX = "staff-"


@dataclass(frozen=True, kw_only=True)
class LetterTestDeliveries(Deliveries):
    """When a test is sent, refused or dropped, the address that staff typed for it is deleted.

    First the address, then the outcome: after a crash in between, the next attempt finds no address and drops the test.
    """

    def mark_sent(self, request: MailRequest, at: datetime, tables: Tables) -> None:
        _delete_address(request, tables)
        super().mark_sent(request, at, tables)

    def mark_refused(self, request: MailRequest, now: datetime, tables: Tables) -> None:
        _delete_address(request, tables)
        super().mark_refused(request, now, tables)

    def drop(self, request: MailRequest, now: datetime, tables: Tables) -> None:
        _delete_address(request, tables)
        super().drop(request, now, tables)


def _delete_address(request: MailRequest, tables: Tables) -> None:
    """A test of a person's letter has no such address."""
    ids = letter_ids(request.key)
    if ids.signature_id.startswith(STAFF_TEST_PREFIX):
        delete_test_address(ids, tables)


TESTS = LetterTestDeliveries(kind="letter-test", lifetime=timedelta(days=1))
# If the item expired while the test waits, the address that staff typed would stay stored. So the lifetime is longer
# than any wait.
STAFF_TESTS = replace(TESTS, lifetime=timedelta(days=365))


def send_test(petition: Petition, target: LetterTarget, to: str, now: datetime, outbox: Outbox, tables: Tables) -> None:
    key = letter_delivery(petition.slug, target.key, f"{STAFF_TEST_PREFIX}{token_hex(8)}")
    store_test_address(letter_ids(key), to, tables)
    outbox.send_now([STAFF_TESTS.request(key, now, tables)])


def letter_test_email(key: str, stored: Item, context: MailContext, now: datetime, tables: Tables) -> Content | NotSent:
    """Return DROPPED if the letter or the address no longer exists.

    A test that staff send has the petition's letter, and goes to the address that staff typed. A test of one person's
    letter goes to the target's `test_to`.
    """
    slug, target_key, signature_or_test_id = letter_ids(key)
    petition = petition_as_stored(slug, tables)
    target = target_unless_removed(petition, target_key)
    if target is None or petition.letter is None:
        return NotSent.DROPPED
    language = language_of(petition.language)
    if signature_or_test_id.startswith(STAFF_TEST_PREFIX):
        to: str | None = target_state(slug, target_key, tables).tests.get(signature_or_test_id)
        name = language.text(SAMPLE_NAME)
        words = letter_texts(petition.letter, SignedLetter(version=""))  # The petition's letter without any change.
    else:
        to = target.test_to
        name, words = _name_and_words(petition, signature_or_test_id, now, tables)
    if not to or not words:
        return NotSent.DROPPED
    to_name, _ = recipient(target, target.name, stored)
    letter = render_letter(words, to_name, name, postcode="", charity=petition.charity, language=language)
    url = context.petition_link(slug)
    values = {"petition": petition, "petition_url": url, "letter": letter, "is_test": True}
    return Content(to, values, language=language.code, sender_name=letter.sender)


def _name_and_words(petition: Petition, signature_id: str, now: datetime, tables: Tables) -> tuple[str, dict[str, str]]:
    """Return empty ones if the letter may not be sent."""
    found = find_by_id(petition, signature_id, now, tables)
    signed_letter = letter_to_send(found.signature) if found else None
    if found is None or signed_letter is None:
        return "", {}
    signature = found.signature
    version = letter_as_signed(petition.slug, signed_letter.version, tables)
    agreed_letter = version.in_language(signature.language)
    return signature.name or "", letter_texts(agreed_letter, signed_letter)


TEST_KIND = Kind(
    "letter-test",
    Path(__file__).with_name("templates"),
    Priority.OTHER,
    TESTS,
    letter_test_email,
    reputation=Reputation.LETTERS,
)
TEST_KINDS = by_name(TEST_KIND)
