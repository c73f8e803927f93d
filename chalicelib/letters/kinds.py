"""The email with a single letter. It goes from one person, who has confirmed, to one target.

LETTER_KINDS also has the other kinds of emails about letters: digests and tests. The engine calls `letter_email` with
the arguments of `Contents` (mail/kind.py): `stored` is the letter's item in the deliveries table.
"""

from datetime import datetime
from pathlib import Path

from chalicelib.aws.table import Item, Tables
from chalicelib.core.language import Language, language_of
from chalicelib.core.letter_keys import LETTER, letter_ids
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.digest_kind import DIGEST_KIND
from chalicelib.letters.model import goes_to_same_target, letter_to_send, recipient, target_unless_removed
from chalicelib.letters.not_now import reason_not_to_send
from chalicelib.letters.trial import TEST_KIND
from chalicelib.mail.kind import Content, Kind, Later, MailContext, NotSent, by_name
from chalicelib.mail.model import Priority
from chalicelib.petitions.find import letter_as_signed, petition_as_stored
from chalicelib.petitions.letter import Letter
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.signatures.letter import letter_texts, render_letter
from chalicelib.signatures.look_up import find_by_id
from chalicelib.signatures.model import Signature

TEMPLATES = Path(__file__).with_name("templates")


def letter_email(
    key: str, stored: Item, context: MailContext, now: datetime, tables: Tables
) -> Content | NotSent | Later:
    """Return the email with the letter, or why it is not sent now.

    Use the text and the target's name that the person agreed to, and the address that the target has now. For a member
    of parliament, use the present name too.
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
    found = find_by_id(petition, signature_id, tables)
    if found is None:
        return NotSent.DROPPED
    signature, signed_letter = found.signature, letter_to_send(found.signature)
    if signed_letter is None or not goes_to_same_target(target, stored, signature):
        return NotSent.DROPPED
    # This call may also add the letter to a digest, or book a time at which it may be sent (not_now.py).
    reason = reason_not_to_send(key, stored, target, signature, now, tables)
    if reason is not None:
        return reason
    agreed_letter, language = _agreed_letter(petition, signature, signed_letter.version, tables)
    translated = petition.in_language(language.code)
    # If the person confirmed again while staff had removed the target, this version lacks it: use the present target.
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
    """Return this version of the letter in the language in which the person signed, and this language."""
    letter_version = letter_as_signed(petition.slug, version, tables)
    # Staff may have changed the petition's main language since. Then the letter is still in the old one. But if the
    # petition still has this version of the letter, staff only corrected the language's code: use the corrected code.
    main_language = petition.language if version == petition.letter_version else letter_version.language
    return letter_version.in_language(signature.language), language_of(signature.language or main_language)


LETTER_KINDS = by_name(
    DIGEST_KIND,
    TEST_KIND,
    Kind(LETTER, TEMPLATES, Priority.OTHER, LETTERS, letter_email, counts_refusals=True),
)
