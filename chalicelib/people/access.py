"""All that is held on a person, put together for that person (GDPR, article 15)."""

from collections.abc import Mapping
from datetime import datetime

from chalicelib.core.times import iso
from chalicelib.petitions.model import PetitionText
from chalicelib.signatures.look_up import Held
from chalicelib.signatures.model import MAX_MAILS, Signature, State

NOT_HELD = (
    "No telephone number, date of birth, gender, street address or payment detail.",
    "No internet address (IP), cookie or description of the device: the application's logs hold ids and times only.",
    "No copy of any mail: only which was wanted, when the last one went, and how many.",
    "No profile and no decision made by a machine.",
)
ELSEWHERE = (
    "Files exported for handing the petition over are kept apart; whoever made one can say who is in it.",
    "A signature that waits to be stored (at most 14 days, and only after an outage) is found once it is stored.",
    "Backups of the table reach back 35 days. They are not searched, and run out by themselves.",
    "What staff did with these signatures is written down under their ids, without names and addresses.",
)


def document(held: list[Held], texts: Mapping[str, PetitionText | None], now: datetime) -> dict[str, object]:
    """`texts`: by signature id, what was signed."""
    return {
        "prepared_at": iso(now),
        "signatures": [_signature(each, texts.get(each.signature_id)) for each in held],
        "not_held": list(NOT_HELD),
        "held_elsewhere": list(ELSEWHERE),
    }


def shown(held: Held, now: datetime) -> dict[str, object]:
    """As staff see it."""
    state = state_of(held.signature, now)
    return {
        "petition": {"slug": held.petition.slug, "title": held.petition.title},
        "id": held.signature_id,
        "state": state,
        "actions": actions_in(state),
        "person": _person(held.signature),
        "times": _times(held.signature),
        "mail": _mail(held.signature),
    }


def state_of(signature: Signature, now: datetime) -> str:
    """In the words of the page for staff."""
    if signature.erased_at:
        return "erased"
    return "expired" if signature.state is State.PENDING and signature.is_over(now) else signature.state


def actions_in(state: str) -> list[str]:
    """What staff can do with a signature in this state. Each has a route of this name."""
    resend = ["resend"] if state == "pending" else []
    withdraw = [] if state in ("withdrawn", "erased") else ["withdraw"]
    erase = [] if state == "erased" else ["erase"]
    return [*resend, "access", *withdraw, *erase]


def _person(signature: Signature) -> dict[str, object]:
    names = ("name", "email", "country", "postcode", "source", "updates")
    return {name: getattr(signature, name) for name in names}


def _times(signature: Signature) -> dict[str, str]:
    names = ("signed_at", "confirmed_at", "withdrawn_at", "erased_at", "restored_at", "expires_at")
    return {name: iso(moment) for name in names if (moment := getattr(signature, name))}


def _mail(signature: Signature) -> dict[str, object]:
    return {
        "sent": signature.mails,
        "at_most": MAX_MAILS,
        "last_sent_at": signature.mailed_at and iso(signature.mailed_at),
        "waiting": signature.mail_kind,
        "waiting_since": signature.mail_requested_at and iso(signature.mail_requested_at),
        "hurried_at": signature.mail_nudged_at and iso(signature.mail_nudged_at),
        "undeliverable": signature.undeliverable,
    }


def _signature(held: Held, text: PetitionText | None) -> dict[str, object]:
    signature = held.signature
    return {
        "petition": {"slug": held.petition.slug, "title": text.title if text else held.petition.title},
        "id": held.signature_id,
        "state": signature.state,
        "person": _person(signature),
        "obtained": {
            "by": signature.obtained_by,
            "through": signature.channel,
            "source": signature.source,
            "counted_as": signature.counted_source,
        },
        "consents": _consents(signature, text),
        "signed_text": text.model_dump(include={"version", "title", "text", "target", "charity"}) if text else None,
        "times": _times(signature),
        "mail": _mail(signature),
    }


def _consents(signature: Signature, text: PetitionText | None) -> list[dict[str, object]]:
    signs = signature.state is not State.WITHDRAWN
    return [
        {
            "to": "sign",
            "given": signs,
            "confirmed": signature.state is State.CONFIRMED,
            "wording": text and text.sign_wording,
            "version": signature.consent_version,
        },
        {
            "to": "updates",
            "given": signature.updates,
            "confirmed": signature.state is State.CONFIRMED,
            "wording": text and text.updates_wording,
            "version": signature.consent_version,
        },
    ]
