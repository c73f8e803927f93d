"""The kinds of email of an update: one to each person who confirmed and asked for updates, and a test to staff.

The request may be weeks old, so the person's consent is checked again when the email is composed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from chalicelib.aws.table import Item, Tables
from chalicelib.core import keys
from chalicelib.core.settings import Reputation
from chalicelib.core.sources import DIRECT
from chalicelib.core.tokens import WITHDRAW_LIFETIME, Purpose, Subject
from chalicelib.mail.budget import is_unwanted
from chalicelib.mail.deliveries import Deliveries
from chalicelib.mail.kind import AfterCrash, Content, Kind, MailContext, NotSent, by_name
from chalicelib.mail.model import Priority
from chalicelib.petitions.find import cached_as_stored, petition_as_stored
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.signatures import mail_state
from chalicelib.signatures.look_up import find_by_id
from chalicelib.signatures.model import SignatureState
from chalicelib.signatures.names import greeting_name
from chalicelib.updates.find import cached_update, find_as_stored
from chalicelib.updates.model import LIFETIME, Update, UpdateState

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, kw_only=True)
class UpdateDeliveries(Deliveries):
    """After a bounce or a complaint, the signature is undeliverable too: no more email about the petition."""

    def mark_undeliverable(self, key: str, reason: str, now: datetime, tables: Tables) -> None:
        super().mark_undeliverable(key, reason, now, tables)
        slug, _, signature_id = _split_key(key)
        mail_state.mark_undeliverable(keys.signature(slug, signature_id), reason, tables)


# If a sender crashed, perhaps the email was sent. A second copy would annoy people.
EMAILS = UpdateDeliveries(kind="update", lifetime=LIFETIME)
TESTS = Deliveries(kind="update-test", lifetime=timedelta(days=1))


def delivery_key(slug: str, update_id: str, recipient: str = "") -> str:
    """`recipient`: the id of a signature or of a test. Without it, the prefix of the keys of all emails."""
    return f"{slug}_{update_id}_{recipient}"


def may_get_updates(signature: Mapping[str, object]) -> bool:
    """They confirmed, asked for updates and can be reached."""
    is_confirmed = signature.get("state") == SignatureState.CONFIRMED
    wants_updates = bool(signature.get("updates"))
    can_be_reached = not signature.get("undeliverable")
    return is_confirmed and wants_updates and can_be_reached


def _split_key(key: str) -> tuple[str, str, str]:
    """No part contains an underscore."""
    slug, update_id, recipient = key.split("_")
    return slug, update_id, recipient


def update_email(key: str, stored: Item, context: MailContext, now: datetime, tables: Tables) -> Content | NotSent:
    """Drop it if the update is cancelled or no longer wanted. Hold it while the petition is a draft.

    Hold it while the update is paused. If staff continue the update, its job queues the email again.
    """
    slug, update_id, signature_id = _split_key(key)
    update, petition = cached_update(slug, update_id, tables), cached_as_stored(slug, tables)
    if update is None or update.state is UpdateState.CANCELLED or petition.state is PetitionState.REMOVED:
        return NotSent.DROPPED
    if update.state is UpdateState.PAUSED:
        return NotSent.HELD
    if petition.state_at(now) is PetitionState.DRAFT:
        return NotSent.HELD  # Staff restored the removed petition as a draft, to check it before it is public.
    found = find_by_id(petition, signature_id, now, tables)
    if found is None or not may_get_updates(found.signature.model_dump()):
        return NotSent.DROPPED
    signature = found.signature
    if is_unwanted(signature.email or "", slug, context.limit_keys, tables):
        return NotSent.DROPPED  # The owner stopped all email about the petition. No consent to updates changes this.
    subject = Subject(slug, signature_id, signature.country or "", signature.source or DIRECT)
    unsubscribe_url = context.link(Purpose.UNSUBSCRIBE, subject, now + WITHDRAW_LIFETIME, signature.language)
    code = signature.language or petition.language
    translated = petition.in_language(code)
    petition_url = context.petition_link(slug, signature.language)
    name = greeting_name(signature.name or "")
    values = _values(update.in_language(code), translated, name, petition_url)
    to = signature.email or ""
    return Content(to, values, unsubscribe_url, language=code, sender_name=translated.charity)


def update_test_email(key: str, stored: Item, context: MailContext, now: datetime, tables: Tables) -> Content | NotSent:
    """Drop it if the update no longer has this test (publish.py)."""
    slug, update_id, test_id = _split_key(key)
    update = find_as_stored(slug, update_id, tables)
    if update is None or update.tests is None or test_id not in update.tests:
        return NotSent.DROPPED
    test = update.tests[test_id]
    petition = petition_as_stored(slug, tables)
    translated = petition.in_language(test.language)
    # A link without a language leads to the page in the petition's own language.
    language_of_link = None if test.language == petition.language else test.language
    petition_url = context.petition_link(slug, language_of_link)
    values = _values(update.in_language(test.language), translated, name="", petition_url=petition_url)
    values["is_test"] = True
    return Content(test.email, values, language=test.language, sender_name=translated.charity)


def _values(update: Update, petition: Petition, name: str, petition_url: str) -> dict[str, object]:
    return {"update": update, "petition": petition, "name": name, "petition_url": petition_url, "is_test": False}


UPDATE_KINDS = by_name(
    Kind("update", TEMPLATES, Priority.OTHER, EMAILS, update_email, AfterCrash.UNKNOWN, reputation=Reputation.UPDATES),
    Kind("update-test", TEMPLATES, Priority.OTHER, TESTS, update_test_email, reputation=Reputation.UPDATES),
)
