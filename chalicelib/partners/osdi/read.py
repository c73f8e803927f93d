"""Read the body that an OSDI client sends to record_signature_helper, the route that records a signature.

OSDI is a standard for campaign systems. OSDI clients differ, so we ignore malformed fields that we do not need.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.partners.form import SentSignature, read_signature
from chalicelib.partners.model import Partner

# The OSDI names of our fields, for error messages.
OSDI_PATHS = {
    "name": "person.given_name",
    "email": "person.email_addresses[0].address",
    "postcode": "person.postal_addresses[0].postal_code",
    "country": "person.postal_addresses[0].country",
    "identifier": "identifiers[0]",
    "consent.obtained_at": "action_date",
    "consent.wording": "person.custom_fields.consent_wording",
    "consent.version": "person.custom_fields.consent_version",
}


def read_osdi_signature(body: object, partner: Partner, now: datetime) -> SentSignature:
    """Return the signature. Raise Invalid with the OSDI names of the invalid fields.

    OSDI has no field for consent. We read it from the person's `custom_fields`, or use the partner's usual consent.
    """
    if not isinstance(body, Mapping):
        raise Invalid([FieldError("body", "Send a JSON object")])
    try:
        raw = _as_partner_signature(body, partner, now)
        return read_signature(raw, partner, now, may_lack_identifier=True)
    except Invalid as invalid:
        errors = [FieldError(osdi_path(each.field), each.message) for each in invalid.errors]
        raise Invalid(errors) from invalid


def osdi_path(field: str) -> str:
    """Return the OSDI name of one of our fields."""
    return OSDI_PATHS.get(field, field)


def identifiers_of(body: object) -> list[str]:
    """Return the identifiers that the client sent, as texts. Leave out empty ones and other types of values."""
    if not isinstance(body, Mapping):
        return []
    value = body.get("identifiers")
    entries = value if isinstance(value, list) else [value]
    identifiers = [_text(entry) for entry in entries]
    return [identifier for identifier in identifiers if identifier]


def _as_partner_signature(body: Mapping[str, Any], partner: Partner, now: datetime) -> dict[str, object]:
    person = _mapping(body.get("person"))
    email_entry = _primary(person.get("email_addresses"))
    postal_entry = _primary(person.get("postal_addresses"))
    custom = _mapping(person.get("custom_fields"))
    identifiers = identifiers_of(body)
    return {
        "identifier": identifiers[0] if identifiers else None,
        "name": _name(person),
        "email": email_entry.get("address"),
        "country": _text(postal_entry.get("country")) or "GB",
        "postcode": _text(postal_entry.get("postal_code")),
        "consent": _consent(custom, body.get("action_date"), partner, now),
    }


def _consent(custom: Mapping[str, Any], action_date: object, partner: Partner, now: datetime) -> dict[str, object]:
    """Return what the person agreed to. `custom`: the person's `custom_fields`. `action_date`: when they signed.

    If the client does not say, the person gets no updates, but we may email the person once, to confirm.
    """
    obtained_at = custom.get("consent_obtained_at") or action_date
    updates_text = str(custom.get("consent_updates")).lower()
    email_text = str(custom.get("consent_email", True)).lower()
    return {
        "wording": _text(custom.get("consent_wording")) or partner.wording,
        "version": _text(custom.get("consent_version")) or partner.version,
        "obtained_at": _moment(obtained_at, now),
        "updates": updates_text in ("true", "1", "yes"),
        "email": email_text not in ("false", "0", "no"),
    }


def _name(person: Mapping[str, Any]) -> str:
    given_name, family_name = _text(person.get("given_name")), _text(person.get("family_name"))
    return f"{given_name} {family_name}".strip()  # A person may have only one of these names.


def _primary(value: object) -> Mapping[str, Any]:
    """Return the primary entry, or else the first. Some clients send one entry, or only a text, instead of a list."""
    values: Sequence[object] = value if isinstance(value, list) else [value]
    entries = [_entry(each) for each in values]
    for entry in entries:
        if entry.get("primary") is True:
            return entry
    return entries[0] if entries else {}


def _entry(value: object) -> Mapping[str, Any]:
    return {"address": value} if isinstance(value, str) else _mapping(value)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    """Return a text or a whole number as text, without spaces around it. For any other value, return ""."""
    if isinstance(value, bool):  # In Python, True and False are also of the type int.
        return ""
    return str(value).strip() if isinstance(value, str | int) else ""


def _moment(value: object, now: datetime) -> object:
    """Return the value as a moment. A time without a zone is UTC.

    Return `now` if the value is missing. Return a malformed value as it is: validation then refuses it.
    """
    if value in (None, ""):
        return now
    try:  # `fromisoformat` refuses 2026-03-01Z. It reads 2026-03-01+00:00 as a date, any character, and a time.
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
