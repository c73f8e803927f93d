"""The digest: one email that reports many letters to a target. These letters are not sent as emails of their own.

It says how many people wrote and where they live, and shows some letters in people's own words.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from chalicelib.aws.table import Change, Item, NewItem, Tables
from chalicelib.core.language import language_of
from chalicelib.core.letter_keys import DIGEST, DigestIds, digest_ids
from chalicelib.core.settings import Reputation
from chalicelib.letters.counts import DIGEST_SHARD, count_change
from chalicelib.letters.digest_contents import (
    DigestContents,
    close,
    find_digest,
    mark_ended,
    mark_requested,
    next_digest_day,
    seal,
    unrequested_digests,
    unseal,
)
from chalicelib.letters.model import letter_to_send, target_unless_removed
from chalicelib.letters.target_state import is_sent_since_resume, pause, target_state, target_states
from chalicelib.mail.counted import CountedDeliveries
from chalicelib.mail.deliveries import DeliveryOutcome
from chalicelib.mail.kind import AfterCrash, Content, Kind, MailContext, NotSent, Outbox
from chalicelib.mail.model import MailRequest, Priority
from chalicelib.petitions.find import all_petitions, letter_as_signed, petition_as_stored
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.progress.refresh import public_areas
from chalicelib.signatures.letter import SignedLetter, letter_texts
from chalicelib.signatures.look_up import find_moved

MAX_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class DigestDeliveries(CountedDeliveries):
    """All letters of a digest get the digest's outcome, such as SENT."""

    def put(self, new: NewItem, key: str, now: datetime, tables: Tables) -> None:
        tables.put_new(new)  # Count nothing: each letter of the digest was counted when it was requested.

    def counter_change(self, key: str, day: date, numbers: Mapping[str, int], tables: Tables) -> Change:
        ids = digest_ids(key)
        digest = find_digest(ids, tables)  # The digest is sealed, so it still has the letters that its email reports.
        letters = digest.letters if digest else 0
        letter_numbers = {name: letters * number for name, number in numbers.items()}
        return count_change(ids.slug, ids.target, DIGEST_SHARD, day, letter_numbers)

    def release(self, request: MailRequest, until: datetime, tables: Tables, *, is_booked: bool = False) -> None:
        """Unseal first: in the other order, another sender could claim and seal the digest before it is unsealed."""
        unseal(digest_ids(request.key), tables)
        super().release(request, until, tables, is_booked=is_booked)

    def mark_refused(self, request: MailRequest, now: datetime, tables: Tables) -> None:
        super().mark_refused(request, now, tables)
        ids = digest_ids(request.key)
        pause(ids.slug, ids.target, "refused", now, tables)

    def mark_undeliverable(self, key: str, reason: str, now: datetime, tables: Tables) -> None:
        item = tables.get(self.item_key(key), consistent=True) or {}  # The event changes it.
        super().mark_undeliverable(key, reason, now, tables)
        # Unlike for a letter, pause after a single rejection: many letters have failed, and the next digest would look
        # the same.
        ids = digest_ids(key)
        pause(ids.slug, ids.target, reason, now, tables, when=is_sent_since_resume(item, now))

    def _settle(
        self, request: MailRequest, outcome: DeliveryOutcome, at: datetime, assign: Mapping[str, Any], tables: Tables
    ) -> None:
        """Then mark the digest as ended, so that withdrawals no longer change it."""
        super()._settle(request, outcome, at, assign, tables)
        mark_ended(digest_ids(request.key), at, tables)


# While a target is paused, the email of its digest waits: for a year at most.
DIGESTS = DigestDeliveries(kind=DIGEST, lifetime=timedelta(days=365))


@dataclass(frozen=True)
class DigestLetter:
    """`words`: its subject, opening and body. `reply_to`: the sender's address, if the sender agreed to show it."""

    words: Mapping[str, str]
    name: str
    postcode: str | None
    reply_to: str | None


def digest_email(key: str, stored: Item, context: MailContext, now: datetime, tables: Tables) -> Content | NotSent:
    """Seal the digest, and return its email.

    HELD while the petition is a draft, or the target is paused or in test mode. DROPPED if the digest has no letters,
    the petition no longer has the target, or the target's letters now go to members of parliament.
    """
    ids = digest_ids(key)
    petition = petition_as_stored(ids.slug, tables)
    target = target_unless_removed(petition, ids.target)
    # A removed petition that staff restored. They check it before it is public.
    is_draft = petition.state_at(now) is PetitionState.DRAFT
    if target and (is_draft or target.test_to or target_state(ids.slug, ids.target, tables).is_paused):
        return NotSent.HELD
    # Before the checks: if one drops the digest, all its letters are counted as dropped, and must not change after.
    digest = seal(ids, now, tables)
    if target is None or target.members or petition.letter is None:
        return NotSent.DROPPED
    if digest is None or not digest.letters:
        return NotSent.DROPPED
    language = language_of(petition.language)
    letters_in_own_words = _letters_in_own_words(digest, petition, now, tables)
    values = {
        "petition": petition,
        "petition_url": context.petition_link(petition.slug),
        "target": target,
        "letters": digest.letters,
        "areas": public_areas(digest.letters, digest.areas),  # Small numbers could identify people.
        "suggested": letter_texts(petition.letter, SignedLetter(version="")),  # The petition's letter, unchanged.
        "shown_letters": [*islice(letters_in_own_words, MAX_SHOWN)],
    }
    return Content(target.email or "", values, language=language.code, sender_name=petition.charity)


def _letters_in_own_words(
    digest: DigestContents, petition: Petition, now: datetime, tables: Tables
) -> Iterator[DigestLetter]:
    """Leave out senders who have withdrawn or are erased."""
    for signature_id in digest.own_words_ids:
        found = find_moved(petition, signature_id, now, tables)
        signed_letter = letter_to_send(found.signature) if found else None
        if found is None or signed_letter is None:
            continue
        if not signed_letter.has_own_words:  # The person has withdrawn and confirmed again, with the suggested letter.
            continue
        signature = found.signature
        agreed_letter = letter_as_signed(petition.slug, signed_letter.version, tables).in_language(signature.language)
        reply_to = signature.email if signed_letter.reply else None
        words = letter_texts(agreed_letter, signed_letter)
        yield DigestLetter(words, signature.name or "", signature.postcode, reply_to)


TEMPLATES = Path(__file__).with_name("digest_templates")
DIGEST_KIND = Kind(
    DIGEST,
    TEMPLATES,
    Priority.OTHER,
    DIGESTS,
    digest_email,
    AfterCrash.UNKNOWN,
    counts_refusals=True,
    reputation=Reputation.LETTERS,
)


def request_digests(now: datetime, outbox: Outbox, tables: Tables) -> int:
    """Return how many were requested. If AWS fails, raise Unavailable: the next run repeats the steps.

    Close each digest that is due, so that it takes no more letters; request its email; mark it as requested.

    An old digest may be due even if the petition no longer has a letter: so one query for each petition and target.
    """
    open_day = next_digest_day(now)  # The digests of this day still take letters. All earlier digests are due.
    due = (ids for petition in all_petitions(tables) for ids in _due_digests(petition, open_day, tables))
    return sum(_close_and_request(ids, now, outbox, tables) for ids in due)


def _due_digests(petition: Petition, open_day: date, tables: Tables) -> list[DigestIds]:
    """Return the digests of days before `open_day` that are not requested.

    Those of a paused target wait until staff resume its letters. If the petition no longer has the target, its digests
    are due: `digest_email` then drops them.
    """
    due: list[DigestIds] = []
    for key, state in target_states(petition.slug, tables).items():
        if not state.has_digests:  # `key` may also be of a member or a pace, which have no digests.
            continue
        if state.is_paused and target_unless_removed(petition, key) is not None:
            continue
        unrequested = unrequested_digests(petition.slug, key, tables)
        due += [ids for ids in unrequested if ids.day < open_day]
    return due


def _close_and_request(ids: DigestIds, now: datetime, outbox: Outbox, tables: Tables) -> bool:
    """Return whether there is an email to send.

    There is none if all letters were removed, or if an earlier run requested the email and it no longer waits.
    """
    close(ids, now, tables)
    digest = find_digest(ids, tables)
    request = DIGESTS.find_or_request(ids.delivery, now, tables) if digest and digest.letters else None
    if request:
        outbox.send_now([request])
    mark_requested(ids, now, tables)
    return request is not None
