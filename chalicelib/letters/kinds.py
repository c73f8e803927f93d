"""The email with a single letter, from one person, who has confirmed, to one target.

While the target is paused or in test mode, the letter waits. If the target has a pace, the letter waits for its turn.
If the target gets digests, only the first letters are sent singly, and each later one is reported in a digest.
"""

from datetime import datetime
from pathlib import Path

from chalicelib.aws.table import Attr, Change, Item, Tables
from chalicelib.core import letter_keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.language import Language, language_of
from chalicelib.core.letter_keys import LETTER, LetterIds, letter_ids
from chalicelib.core.settings import Reputation
from chalicelib.letters.deliveries import LETTERS, waits_for_turn
from chalicelib.letters.digest_contents import gather
from chalicelib.letters.digest_kind import DIGEST_KIND
from chalicelib.letters.model import goes_to_same_target, letter_to_send, recipient, target_unless_removed
from chalicelib.letters.pace import book_letter_turn
from chalicelib.letters.target_state import TargetState, record_digests, target_state
from chalicelib.letters.trial import TEST_KIND
from chalicelib.mail.counted import transact
from chalicelib.mail.kind import AfterCrash, Content, Kind, Later, MailContext, NotSent, by_name
from chalicelib.mail.model import Priority
from chalicelib.mail.state import is_requested
from chalicelib.petitions.constituency_table import member_of_constituency
from chalicelib.petitions.find import letter_as_signed, petition_as_stored
from chalicelib.petitions.letter import Digest, Letter, LetterTarget, Paced
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.projections.dimensions import area_of
from chalicelib.signatures.letter import letter_texts, render_letter
from chalicelib.signatures.look_up import find_moved
from chalicelib.signatures.model import Signature


def reason_not_to_send(
    key: str, stored: Item, target: LetterTarget, signature: Signature, now: datetime, tables: Tables
) -> NotSent | Later | None:
    """Return None to send it. The call may mark the letter to be sent singly, add it to a digest, or book its turn."""
    letter = letter_ids(key)
    state = target_state(letter.slug, letter.target, tables)
    if state.is_paused or target.test_to:
        return NotSent.HELD
    if target.members and _is_member_paused(letter, stored["member"], tables):
        return NotSent.HELD
    if isinstance(target.delivery, Digest):
        max_singles = target.delivery.first
        is_single = "single" in stored or _mark_single(key, stored, max_singles, state, tables)
        if is_single:
            return None
        return _add_to_digest(key, stored, signature, state, now, tables)
    if isinstance(target.delivery, Paced):
        due = book_letter_turn(key, target.delivery, now, tables, has_turn=waits_for_turn(stored))
        return Later(due) if due > now else None
    return None


def _is_member_paused(letter: LetterIds, constituency: str, tables: Tables) -> bool:
    if member_of_constituency(constituency) is None:
        return True
    return target_state(letter.slug, letter.target, tables, constituency).is_paused


def _mark_single(key: str, stored: Item, max_singles: int, state: TargetState, tables: Tables) -> bool:
    """Mark this letter to be sent singly, and count it in the same transaction. Return whether it was marked.

    Do not mark it if the target already has `max_singles` marked letters, or if the letter's request is settled.
    """
    if state.single_letters >= max_singles:  # This saves most transactions. The condition `has_room` is exact.
        return False
    letter, request = letter_ids(key), LETTERS.request_of(stored)
    has_room = Attr("singles").not_exists() | Attr("singles").lt(max_singles)
    mark = Change(LETTERS.item_key(key), assign={"single": True}, when=is_requested(request))
    count = Change(letter_keys.target(letter.slug, letter.target), add={"singles": 1}, when=has_room)
    try:
        transact([mark, count], tables)
    except ConditionFailed:
        return False
    return True


def _add_to_digest(
    key: str, stored: Item, signature: Signature, state: TargetState, now: datetime, tables: Tables
) -> NotSent:
    """Return SETTLED: the letter has no request of its own any more."""
    letter = letter_ids(key)
    if not state.has_digests:  # Record it first: a digest of a target without this record would never be sent.
        record_digests(letter.slug, letter.target, tables)
    area = area_of(signature.country or "", signature.postcode or "")
    is_in_own_words = signature.letter is not None and signature.letter.has_own_words
    gather(letter, LETTERS.request_of(stored), area, is_in_own_words, now, tables)
    return NotSent.SETTLED


TEMPLATES = Path(__file__).with_name("templates")


def letter_email(
    key: str, stored: Item, context: MailContext, now: datetime, tables: Tables
) -> Content | NotSent | Later:
    """Use the text and the target's name that the person agreed to, and the address that the target has now.

    For a member of parliament, use the present name too.
    """
    slug, target_key, signature_id = letter_ids(key)
    petition = petition_as_stored(slug, tables)
    if petition.state_at(now) is PetitionState.DRAFT:
        return NotSent.HELD  # Staff restored the removed petition as a draft, to check it before it is public.
    if petition.state is PetitionState.REMOVED:
        return NotSent.DROPPED  # If the petition opens again, `request_missing` can request the letter again.
    target = target_unless_removed(petition, target_key)
    if target is None:  # Staff removed it: they do not want the letter. Only a new confirmation can request it again.
        LETTERS.drop_without_target(LETTERS.request_of(stored), now, tables)
        return NotSent.SETTLED
    found = find_moved(petition, signature_id, now, tables)
    if found is None:
        return NotSent.DROPPED
    signature, signed_letter = found.signature, letter_to_send(found.signature)
    if signed_letter is None or not goes_to_same_target(target, stored, signature):
        return NotSent.DROPPED
    reason = reason_not_to_send(key, stored, target, signature, now, tables)
    if reason is not None:
        return reason
    agreed_letter, language = _agreed_letter(petition, signature, signed_letter.version, tables)
    translated = petition.in_language(language.code)
    # If staff had removed the target when the person confirmed again, this version lacks it.
    agreed_target = agreed_letter.target(target_key) or target
    to_name, to_address = recipient(target, agreed_target.name, stored)
    name, postcode = signature.name or "", signature.postcode or ""
    words = letter_texts(agreed_letter, signed_letter)
    letter = render_letter(words, to_name, name, postcode, translated.charity, language)
    url = context.petition_link(slug, language.code if language.code != petition.language else None)
    reply_to = (signature.email or "") if signed_letter.reply else ""
    values = {"petition": translated, "petition_url": url, "letter": letter, "is_test": False}
    return Content(to_address, values, language=language.code, sender_name=letter.sender, reply_to=reply_to)


def _agreed_letter(petition: Petition, signature: Signature, version: str, tables: Tables) -> tuple[Letter, Language]:
    """In the language in which the person signed. Return this language too."""
    letter_version = letter_as_signed(petition.slug, version, tables)
    # Staff may have changed the main language since: the letter is still in the old one. But if the petition still has
    # this version, staff only corrected the language's code.
    main_language = petition.language if version == petition.letter_version else letter_version.language
    return letter_version.in_language(signature.language), language_of(signature.language or main_language)


LETTER_KINDS = by_name(
    DIGEST_KIND,
    TEST_KIND,
    Kind(
        LETTER,
        TEMPLATES,
        Priority.OTHER,
        LETTERS,
        letter_email,
        AfterCrash.UNKNOWN,
        counts_refusals=True,
        reputation=Reputation.LETTERS,
    ),
)
