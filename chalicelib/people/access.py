"""A person's data as staff see it, the file for an access request (GDPR, article 15), and an email sent again.

The owner of a signature reads its mailbox. The owner's choice to get no more email is stored under a hash of the
address, made with `limit_keys`.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, cast

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed, UnknownThing
from chalicelib.core.times import iso, iso_or_none
from chalicelib.mail.budget import Allowance, stopped_petitions
from chalicelib.mail.model import mailbox_of
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.text import PetitionText
from chalicelib.signatures import mail_state
from chalicelib.signatures.look_up import StoredSignature, find_by_id
from chalicelib.signatures.model import MIN_MAIL_INTERVAL, Signature, SignatureState

if TYPE_CHECKING:
    from chalicelib.people.answers import (
        AccessExport,
        GivenConsent,
        HeldLetter,
        HeldSignature,
        MailState,
        Person,
        PersonSignature,
        SignatureTimes,
        SignedText,
    )

NOT_HELD = (
    "No telephone number, date of birth, gender, street address or payment details.",
    "No internet (IP) address, cookie or description of your device. The application's logs hold ids and times only. A "
    "scrambled code of your network and the day is kept until we send the first email.",
    "No copies of emails, except the words of a letter that you sent: only which email was requested, when the last "
    "one was sent, and how many. A scrambled code of the address limits how many we send. It contains no name and no "
    "address.",
    "No profile and no automated decisions.",
)
TEXTS = {"version", "title", "text", "target", "charity"}
HELD_ELSEWHERE = (
    "Exported files are kept separately. The person who made an export can say who is in it.",
    "After an outage, a signature can wait up to 14 days to be stored. We can find it once it is stored.",
    "Backups of the table go back 35 days. They are not searched, and they are deleted automatically.",
    "The activity log records what staff did with these signatures by id, without names or email addresses.",
)


def access_export(
    stored: list[StoredSignature],
    texts: Mapping[str, PetitionText],
    letters: "Mapping[str, HeldLetter]",
    stopped: Collection[str],
    now: datetime,
) -> "AccessExport":
    signatures = []
    for each in stored:
        slug = each.petition.slug
        signatures.append(_held_signature(each, texts.get(slug), letters.get(slug), is_stopped=slug in stopped))
    return {
        "prepared_at": iso(now),
        "signatures": signatures,
        "not_held": list(NOT_HELD),
        "held_elsewhere": list(HELD_ELSEWHERE),
    }


def signature_for_staff(stored: StoredSignature, now: datetime, *, is_stopped: bool) -> "PersonSignature":
    """`is_stopped`: the person wants no more email about the petition."""
    state = state_of(stored.signature, now)
    actions = actions_in(state)
    if is_stopped and stored.signature.email:  # `allow-mail` needs the address, which a withdrawal removes.
        actions.append("allow-mail")
    return {
        "petition": {"slug": stored.petition.slug, "title": stored.petition.title},
        "id": stored.signature_id,
        "state": state,
        "actions": actions,
        "person": _person(stored.signature),
        "times": _times(stored.signature),
        "mail": _mail(stored.signature, is_stopped=is_stopped),
    }


def state_of(signature: Signature, now: datetime) -> str:
    if signature.erased_at:
        return "erased"
    is_expired = signature.state is SignatureState.PENDING and signature.is_withdrawn_or_expired(now)
    return "expired" if is_expired else signature.state


def actions_in(state: str) -> list[str]:
    """Each action is also the end of a route's path."""
    resend = ["resend"] if state == "pending" else []
    withdraw = [] if state in ("withdrawn", "erased") else ["withdraw"]
    erase = [] if state == "erased" else ["erase"]
    return [*resend, "access", *withdraw, *erase]


def _person(signature: Signature) -> "Person":
    fields = {"name", "email", "country", "postcode", "source", "language", "updates"}
    return cast("Person", signature.model_dump(include=fields))


def _times(signature: Signature) -> "SignatureTimes":
    fields = ["signed_at", "confirmed_at", "owner_confirmed_at", "updates_at", "unsubscribed_at", "withdrawn_at"]
    fields += ["removed_at", "erased_at", "restored_at", "expires_at"]
    if signature.erased_at:
        # An erasure sets the other times, or removes them.
        fields = ["erased_at", "expires_at"]
    times = {field: iso(moment) for field in fields if (moment := getattr(signature, field))}
    return cast("SignatureTimes", times)


def _mail(signature: Signature, *, is_stopped: bool) -> "MailState":
    """`hurried_at`: when the request of the waiting email was queued again."""
    return {
        "sent": signature.mails,
        "last_sent_at": iso_or_none(signature.mailed_at),
        "waiting": signature.mail_kind,
        "waiting_since": iso_or_none(signature.mail_requested_at),
        "due_at": iso_or_none(signature.mail_due_at),
        "hurried_at": iso_or_none(signature.mail_nudged_at),
        "undeliverable": signature.undeliverable,
        "stopped": is_stopped,
    }


def _held_signature(
    stored: StoredSignature, text: PetitionText | None, letter: "HeldLetter | None", *, is_stopped: bool
) -> "HeldSignature":
    signature = stored.signature
    signed_text = text.in_language(signature.language) if text else None
    title = signed_text.title if signed_text else stored.petition.title
    return {
        "petition": {"slug": stored.petition.slug, "title": title},
        "id": stored.signature_id,
        "state": signature.state,  # As stored. Only staff see "expired" and "erased" (`state_of`).
        "person": _person(signature),
        "typed_here": signature.typed.model_dump() if signature.typed else None,
        "obtained": {
            "by": signature.obtained_by,  # The charity or a partner.
            "also_by": sorted(signature.also_obtained_by or ()),
            "through": signature.channel,
            "source": signature.source,
            "counted_as": signature.counted_source,  # None unless the tally had no room for `source`.
        },
        "consents": _consents(signature, signed_text),
        "signed_text": cast("SignedText", signed_text.model_dump(include=TEXTS)) if signed_text else None,
        "letter": letter,
        "times": _times(signature),
        "mail": _mail(signature, is_stopped=is_stopped),
    }


def _consents(signature: Signature, text: PetitionText | None) -> "list[GivenConsent]":
    """A withdrawal ends both consents: it also stores that `updates` is false."""
    is_given = signature.state is not SignatureState.WITHDRAWN
    is_confirmed = signature.state is SignatureState.CONFIRMED or signature.owner_confirmed_at is not None
    return [
        {
            "to": "sign",
            "given": is_given,
            "confirmed": is_confirmed,
            "wording": text.sign_wording if text else None,
            "version": signature.consent_version,
        },
        {
            "to": "updates",
            "given": signature.updates,
            "confirmed": is_confirmed,
            "wording": (text.updates_wording or None) if text else None,
            "version": signature.updates_version or signature.consent_version,
        },
    ]


def one_signature(slug: str, signature_id: str, now: datetime, tables: Tables) -> StoredSignature:
    petition = petition_as_stored(slug, tables)
    found = find_by_id(petition, signature_id, now, tables)
    if found is None:
        raise UnknownThing("There is no such signature.")
    return found


def load_for_staff(
    stored: StoredSignature, limit_keys: dict[str, str], now: datetime, tables: Tables
) -> "PersonSignature":
    is_stopped = stored.petition.slug in stopped_slugs([stored], limit_keys, tables)
    return signature_for_staff(stored, now, is_stopped=is_stopped)


def stopped_slugs(stored: list[StoredSignature], limit_keys: dict[str, str], tables: Tables) -> set[str]:
    """Return the petitions about which the owner wants no email. `stored`: signatures of one address."""
    emails = [each.signature.email for each in stored if each.signature.email]
    if not emails:
        return set()
    mailbox = mailbox_of(emails[0], limit_keys)
    slugs = [each.petition.slug for each in stored]
    return stopped_petitions(mailbox, slugs, tables)


class ResendOutcome(StrEnum):
    """The result of the request to send the email again. With the first four values, an email will be sent."""

    ASKED = "asked"
    WITHIN_A_MINUTE = "within-a-minute"
    ON_ITS_WAY = "on-its-way"
    LATER = "later"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUSPECT = "suspect"
    CLOSED = "closed"
    UNDELIVERABLE = "undeliverable"
    STOPPED = "stopped"


class ResendAnswer(NamedTuple):
    outcome: ResendOutcome
    due_at: datetime | None = None


def resend(stored: StoredSignature, allowance: Allowance, now: datetime, tables: Tables) -> ResendAnswer:
    """The same limits apply as when the person signs again. `allowance`: what those of the address allow now."""
    refusal = _refusal(stored, allowance, now)
    if refusal:
        return ResendAnswer(refusal)
    signature = stored.signature
    was_already_requested = signature.mail_kind is not None  # The kind of the email that waits to be sent, if any.
    try:
        mail_state.request_or_nudge_mail(stored.key, signature, now, tables)
    except ConditionFailed:
        # Usually, it was requested too recently to queue it again. Rarely, the signature has changed since we read it.
        was_already_requested = True
    due_at = max(signature.mail_due_at or now, allowance.next_at)
    if due_at > now + MIN_MAIL_INTERVAL:
        return ResendAnswer(ResendOutcome.LATER, due_at)
    if was_already_requested:
        return ResendAnswer(ResendOutcome.ON_ITS_WAY)
    # At most a minute (MIN_MAIL_INTERVAL): for a limit, or because the last was just sent.
    was_just_mailed = signature.mailed_at is not None and now < signature.mailed_at + MIN_MAIL_INTERVAL
    if due_at > now or was_just_mailed:
        return ResendAnswer(ResendOutcome.WITHIN_A_MINUTE)
    return ResendAnswer(ResendOutcome.ASKED)


def _refusal(stored: StoredSignature, allowance: Allowance, now: datetime) -> ResendOutcome | None:
    signature = stored.signature
    if signature.state is SignatureState.WITHDRAWN:
        return ResendOutcome.WITHDRAWN
    if signature.is_withdrawn_or_expired(now):
        return ResendOutcome.EXPIRED
    if signature.state in (SignatureState.HELD, SignatureState.REMOVED):
        return ResendOutcome.SUSPECT
    if signature.undeliverable is not None:
        return ResendOutcome.UNDELIVERABLE
    if allowance.is_stopped:
        return ResendOutcome.STOPPED
    # The email of a pending signature is only for its link to confirm.
    if not stored.petition.is_kept_at(now):
        return ResendOutcome.CLOSED
    if signature.state is SignatureState.PENDING and not stored.petition.is_confirmable_at(now):
        return ResendOutcome.CLOSED
    return None
