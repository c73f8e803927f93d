"""The kinds of email about a signature: to confirm it, to remind of that, a receipt, a note that it was signed already.

The signature's item also stores the state of these emails, so that signing is one write. A delivery's key is
<slug>_<signature id>. `stored` is the signature's item.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.aws.table import Item, Tables
from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.core.language import language_of
from chalicelib.core.sources import DIRECT
from chalicelib.core.tokens import CONFIRM_LIFETIME, WITHDRAW_LIFETIME, Purpose, Subject
from chalicelib.mail.budget import choice_of, is_unwanted, stop_token
from chalicelib.mail.kind import AfterCrash, Content, Kind, MailContext, NotSent, by_name
from chalicelib.mail.model import MailRequest, Priority, mailbox_of
from chalicelib.mail.state import DeliveryState
from chalicelib.petitions.find import cached_as_stored, letter_as_signed, slugs_from, texts_as_signed
from chalicelib.petitions.model import CONFIRM_AFTER_CLOSE, Petition, PetitionState
from chalicelib.petitions.text import PetitionText, version_of
from chalicelib.petitions.transition import closes_at_if_opened_now
from chalicelib.signatures import mail_state
from chalicelib.signatures.model import MIN_MAIL_INTERVAL, MailKind, Signature, SignatureState
from chalicelib.signatures.names import greeting_name

# So an expired link is not taken for a damaged one.
KEPT_AFTER_LINK = timedelta(days=1)
# The petition has no public page then, and the link in the email would not work.
HIDDEN = (PetitionState.DRAFT, PetitionState.REMOVED)
GROUP_PREFIX = f"{keys.SIGNATURES}/"
TEXTS = [name for name in PetitionText.model_fields if name in Petition.model_fields]
TEMPLATES = Path(__file__).with_name("templates")


class SignatureDeliveries(DeliveryState):
    def item_key(self, key: str) -> Key:
        return keys.signature(*_ids(key))

    def key_of(self, item: Mapping[str, Any]) -> str:
        return delivery_key(keys.slug_of(item["pk"]), item["sk"])

    def has_group(self, group: str) -> bool:
        return group.startswith(GROUP_PREFIX)

    def groups(self, first: str, tables: Tables) -> Iterable[str]:
        """Return all if `first` is "" or a group of deliveries: these sort before the groups of signatures."""
        first_slug = first.removeprefix(GROUP_PREFIX) if self.has_group(first) else ""
        return (f"{GROUP_PREFIX}{slug}" for slug in slugs_from(first_slug, tables))

    def mark_sent(self, request: MailRequest, at: datetime, tables: Tables) -> None:
        expires = at + CONFIRM_LIFETIME + KEPT_AFTER_LINK
        mail_state.mark_mailed(self.item_key(request.key), request.requested_at, at, expires, tables)

    def mark_undeliverable(self, key: str, reason: str, now: datetime, tables: Tables) -> None:
        mail_state.mark_undeliverable(self.item_key(key), reason, tables)


def delivery_key(slug: str, signature_id: str) -> str:
    return f"{slug}_{signature_id}"


def _ids(key: str) -> tuple[str, str]:
    """Neither contains an underscore."""
    slug, _, signature_id = key.partition("_")
    return slug, signature_id


def confirmable_until(petition: Petition, now: datetime) -> datetime:
    """Return when a link issued now stops confirming: in 14 days, or a day after the closing if this is earlier.

    If the petition is paused, use the closing that it would have if it opened again now.
    """
    until = now + CONFIRM_LIFETIME
    closes_at = closes_at_if_opened_now(petition, now)
    return until if closes_at is None else min(until, closes_at + CONFIRM_AFTER_CLOSE)


def _link_works(petition: Petition, now: datetime) -> bool:
    return petition.state_at(now) not in HIDDEN and petition.is_confirmable_at(now)


def confirm_email(key: str, stored: Item, context: MailContext, now: datetime, tables: Tables) -> Content | NotSent:
    """Drop the email if the signature is withdrawn or expired. Hold it while the link would not work."""
    signature, petition = _signed(key, stored, tables)
    if signature.is_withdrawn_or_expired(now):
        return NotSent.DROPPED
    if not _link_works(petition, now):
        return NotSent.HELD
    return _content(key, signature, petition, context, now)


def reminder_email(key: str, stored: Item, context: MailContext, now: datetime, tables: Tables) -> Content | NotSent:
    """Drop it if the person has confirmed, or left, or if the petition has closed. Hold it during a pause."""
    signature, petition = _signed(key, stored, tables)
    is_waiting = signature.state is SignatureState.PENDING and not signature.is_withdrawn_or_expired(now)
    state = petition.state_at(now)
    if is_waiting and state is PetitionState.PAUSED:
        return NotSent.HELD
    if not is_waiting or state is not PetitionState.OPEN:
        return NotSent.DROPPED
    return _content(key, signature, petition, context, now)


def already_signed_email(
    key: str, stored: Item, context: MailContext, now: datetime, tables: Tables
) -> Content | NotSent:
    signature, petition = _signed(key, stored, tables)
    return _content(key, signature, petition, context, now) if petition.is_kept_at(now) else NotSent.DROPPED


def receipt_email(key: str, stored: Item, context: MailContext, now: datetime, tables: Tables) -> Content | NotSent:
    """Say what the person agreed to. Drop it if the signature is no longer confirmed or kept, or email is stopped."""
    signature, petition = _signed(key, stored, tables)
    if signature.state is not SignatureState.CONFIRMED or not petition.is_kept_at(now):
        return NotSent.DROPPED
    if is_unwanted(signature.email or "", petition.slug, context.limit_keys, tables):
        return NotSent.DROPPED
    petition = as_confirmed(petition, signature, tables)
    content = _content(key, signature, petition, context, now)
    # Only the owner of the mailbox can cause a receipt, by confirming.
    return replace(content, limited_petition="")


def _signed(key: str, stored: Item, tables: Tables) -> tuple[Signature, Petition]:
    slug, _ = _ids(key)
    return Signature.model_validate(stored), cached_as_stored(slug, tables)


def _content(key: str, signature: Signature, petition: Petition, context: MailContext, now: datetime) -> Content:
    links = _links(key, signature, context, now)
    language = language_of(signature.language or petition.language)
    translated = petition.in_language(language.code)
    country_names = language.countries()
    values = {
        "petition": translated,
        "signature": signature,
        "name": greeting_name(signature.name or ""),
        "country": country_names.get(signature.country or "", ""),
        "until": confirmable_until(petition, now),
        "may_offer_letter": _link_works(petition, now),  # The link to confirm leads to the offer.
        "petition_url": context.petition_link(petition.slug, signature.language),
        **links,
    }
    unsubscribe_url = links["unsubscribe_url"] if signature.updates else ""
    return Content(
        signature.email or "",
        values,
        unsubscribe_url=unsubscribe_url,
        language=language.code,
        sender_name=translated.charity,
        limited_petition=petition.slug,  # So the budget of the address limits the email (budget.py).
        network=signature.mail_network or "",  # So the limit of the signer's network counts it (turns.py).
    )


def _links(key: str, signature: Signature, context: MailContext, now: datetime) -> dict[str, str]:
    slug, signature_id = _ids(key)
    subject = Subject(slug, signature_id, signature.country or "", signature.source or DIRECT)
    # If somebody typed a letter with the signer's address, the link's page asks the signer about it, but only if the
    # link was issued after the second in which it was typed: at `offered_from`, perhaps in the future, or later. The
    # page takes the time of issue from the link's expiry.
    issued = max(now, signature.letter_asked.offered_from) if signature.letter_asked else now
    expiries = {
        # Whatever the petition's closing: staff may move it, and confirming checks it.
        Purpose.CONFIRM: issued + CONFIRM_LIFETIME,
        Purpose.WITHDRAW: now + WITHDRAW_LIFETIME,
        Purpose.UNSUBSCRIBE: now + WITHDRAW_LIFETIME,
    }
    language = signature.language
    links = {f"{purpose}_url": context.link(purpose, subject, until, language) for purpose, until in expiries.items()}
    mailbox = mailbox_of(signature.email or "", context.limit_keys)
    token = stop_token(subject, choice_of(mailbox, slug), now, context.token_keys)
    links["stop_url"] = context.link_with_token(Purpose.STOP, token, signature.language)
    return links


def as_confirmed(petition: Petition, signature: Signature, tables: Tables) -> Petition:
    """Return the petition with the texts, and the letter's wordings, that the person agreed to, for the receipt.

    Its translations have no letter: otherwise `in_language` would replace the agreed one. This reads the table only if
    staff have edited the texts since.
    """
    letter = petition.in_language(signature.language or petition.language).letter
    signed_letter = signature.letter
    if letter and signed_letter and signed_letter.version != petition.letter_version:
        version = letter_as_signed(petition.slug, signed_letter.version, tables)
        letter = version.in_language(signature.language)  # None: the main language of that version.
    versions = (signature.text_version, signature.consent_version)
    text = None
    if version_of(*versions) != petition.version:
        text = texts_as_signed({petition.slug: versions}, tables).get(petition.slug)
    changes = {name: getattr(text or petition, name) for name in TEXTS}
    translations = changes["translations"].items()
    without_letters = {code: translation.model_copy(update={"letter": None}) for code, translation in translations}
    return petition.model_copy(update={**changes, "translations": without_letters, "letter": letter})


_STATE = SignatureDeliveries(max_emails=None, min_interval=MIN_MAIL_INTERVAL)
SIGNATURE_KINDS = by_name(
    Kind(MailKind.CONFIRM, TEMPLATES / "confirm", Priority.URGENT, _STATE, confirm_email),
    Kind(MailKind.CONFIRM_IMPORTED, TEMPLATES / "confirm", Priority.OTHER, _STATE, confirm_email),
    Kind(MailKind.ALREADY_SIGNED, TEMPLATES / "already-signed", Priority.OTHER, _STATE, already_signed_email),
    Kind(MailKind.REMINDER, TEMPLATES / "reminder", Priority.OTHER, _STATE, reminder_email, AfterCrash.UNKNOWN),
    Kind(MailKind.RECEIPT, TEMPLATES / "receipt", Priority.OTHER, _STATE, receipt_email),
)
