"""The email that is a letter: from one person who confirmed, to one target."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chalicelib.aws.table import Attr, Change, Item, Tables
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.language import language_of
from chalicelib.core.letter_keys import LETTER, letter_ids
from chalicelib.core.times import iso
from chalicelib.letters.model import LIFETIME, may_be_sent, target_of
from chalicelib.mail import outstanding
from chalicelib.mail.deliveries import Deliveries
from chalicelib.mail.kind import Content, Kind, MailContext, NotSent, by_name
from chalicelib.mail.model import MailRequest, Priority
from chalicelib.mail.state import AfterCrash
from chalicelib.petitions.find import letter_as_signed, petition_as_stored
from chalicelib.signatures.letter import words_of, written
from chalicelib.signatures.look_up import held_as


@dataclass(frozen=True, kw_only=True)
class LetterDeliveries(Deliveries):
    """A bounce of a letter is about its target. It changes nothing about the person who sent it."""

    def request(self, key: str, now: datetime, tables: Tables) -> MailRequest:
        """Request the letter, at most one for each person and target.

        One that was dropped before it was sent can be requested again: its person withdrew, then signed again. Raise
        ConditionFailed for any other.
        """
        try:
            return super().request(key, now, tables)
        except ConditionFailed as failure:
            self.request_again(key, now, tables, failure)
        return MailRequest(kind=self.kind, key=key, requested_at=iso(now))

    def request_again(self, key: str, now: datetime, tables: Tables, failure: ConditionFailed) -> None:
        is_idle = Attr("mail_requested_at").not_exists() & Attr("mail_unknown_at").not_exists()
        was_never_sent = Attr("mails").eq(0) & Attr("undeliverable").not_exists()
        again = {"mail_kind": self.kind, "mail_requested_at": iso(now)}
        change = Change(self.item_key(key), assign=again, when=is_idle & was_never_sent)
        outstanding.note([outstanding.group_of(change.key)], now, tables)
        if not tables.try_update(change):
            raise failure


# A letter that arrives twice discredits the campaign, so after a crash it is not sent again.
LETTERS = LetterDeliveries(kind=LETTER, lifetime=LIFETIME, after_crash=AfterCrash.UNKNOWN)


def contents_letter(key: str, stored: Item, context: MailContext, now: datetime, tables: Tables) -> Content | NotSent:
    slug, target_key, signature_id = letter_ids(key)
    petition = petition_as_stored(slug, tables)
    target = target_of(petition, target_key)
    held = held_as(petition, signature_id, tables)
    if target is None or held is None or not may_be_sent(held.signature):
        return NotSent.TOO_LATE
    signature, signed = held.signature, held.signature.letter
    assert signed is not None
    language = language_of(signature.language or petition.language)
    shown = petition.in_language(language.code)
    agreed = letter_as_signed(slug, signed.version, tables).in_language(signature.language)
    to = (agreed.target(target_key) or target).name
    name, postcode = signature.name or "", signature.postcode or ""
    letter = written(words_of(agreed, signed), to, name, postcode, shown.charity, language)
    url = context.petition_link(slug, signature.language)
    reply_to = (signature.email or "") if signed.reply else ""
    values = {"petition": shown, "petition_url": url, "letter": letter}
    return Content(target.email, values, language=language.code, sender_name=letter.sender, reply_to=reply_to)


LETTER_KINDS = by_name(
    Kind(LETTER, Path(__file__).with_name("templates"), Priority.OTHER, LETTERS, contents_letter),
)
