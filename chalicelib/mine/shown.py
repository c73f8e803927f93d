"""What the owner sees: the signatures on the page, and the file with everything that we hold.

A held or removed signature looks as a confirmed one does: who makes false signatures must not learn which we found.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.language import Language
from chalicelib.mail.budget import stopped_petitions
from chalicelib.mail.model import mailbox_of
from chalicelib.mine.link import Opened, link_token
from chalicelib.people.access import access_export
from chalicelib.people.texts import letters_of, signed_texts
from chalicelib.people.words import file_sheet, sections
from chalicelib.signatures.look_up import StoredSignature
from chalicelib.signatures.model import SignatureState
from chalicelib.signatures.owner import is_movable


def shown(opened: Opened, language: Language, token_keys: dict[str, str], stopped: set[str]) -> list[dict[str, object]]:
    """Return the values of each signature for the template.

    Its forms have a link that names another signature, if there is one: it still works after a withdrawal.
    """
    country_names = language.countries()
    found = []
    for number, each in enumerate(opened.signatures, 1):
        petition, signature = each.petition, each.signature
        other = opened.signatures[number % len(opened.signatures)]
        found.append(
            {
                "slug": petition.slug,
                "title": petition.in_language(language.code).title,
                "charity": petition.in_language(language.code).charity,
                "zone": petition.time_zone,
                "signed_at": signature.signed_at,
                "is_pending": signature.waits_for_owner,
                "name": signature.name,
                "country": country_names.get(signature.country or "", ""),
                "postcode": signature.postcode or "",
                "updates": signature.updates,
                "has_letter": signature.letter is not None,
                "is_stopped": petition.slug in stopped,
                "token": link_token(other, opened.mailbox, opened.expires, token_keys),
            }
        )
    return found


def stopped_by_owner(signatures: Sequence[StoredSignature], limit_keys: dict[str, str], tables: Tables) -> set[str]:
    if not signatures:
        return set()
    mailbox = mailbox_of(signatures[0].signature.email or "", limit_keys)
    return stopped_petitions(mailbox, [each.petition.slug for each in signatures], tables)


def own_file(signatures: Sequence[StoredSignature], stopped: set[str], now: datetime, tables: Tables) -> bytes:
    """Return a PDF. It is in English, as the file that staff send to a person who asks."""
    seen = [_as_seen(each) for each in signatures]
    file = access_export(seen, signed_texts(seen, tables), letters_of(seen, tables), stopped, now)
    petition = seen[0].petition
    return file_sheet(f"What {petition.charity} holds about you", now, petition.privacy_contact, [*sections(file)])


def _as_seen(found: StoredSignature) -> StoredSignature:
    changes: dict[str, object] = {"removed_at": None}
    if found.signature.waits_for_owner:
        changes["state"] = SignatureState.PENDING
    elif is_movable(found.signature):
        changes["state"] = SignatureState.CONFIRMED
        if found.signature.confirmed_at is None:  # Its owner confirmed it while it was held or removed.
            changes |= {"confirmed_at": found.signature.owner_confirmed_at, "owner_confirmed_at": None}
    return replace(found, signature=found.signature.model_copy(update=changes))
