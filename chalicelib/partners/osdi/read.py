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
        return read_signature(_as_partner_signature(body, partner, now), partner, now, may_lack_identifier=True)
    except Invalid as invalid:
        errors = [FieldError(OSDI_PATHS.get(each.field, each.field), each.message) for each in invalid.errors]
        raise Invalid(errors) from invalid


def identifiers_of(body: object) -> list[str]:
    """Return the identifiers that the client sent."""
    value = body.get("identifiers") if isinstance(body, Mapping) else None
    values = value if isinstance(value, list) else [value]
    texts = [str(each).strip() for each in values if isinstance(each, str | int)]
    return [text for text in texts if text]


def _as_partner_signature(body: Mapping[str, Any], partner: Partner, now: datetime) -> dict[str, object]:
    person = _mapping(body.get("person"))
    postal = _primary(person.get("postal_addresses"))
    custom = _mapping(person.get("custom_fields"))
    return {
        "identifier": next(iter(identifiers_of(body)), None),
        "name": _name(person),
        "email": _primary(person.get("email_addresses")).get("address"),
        "country": _text(postal.get("country")) or "GB",
        "postcode": _text(postal.get("postal_code")),
        "consent": {
            "wording": _text(custom.get("consent_wording")) or partner.wording,
            "version": _text(custom.get("consent_version")) or partner.version,
            "obtained_at": _moment(custom.get("consent_obtained_at") or body.get("action_date"), now),
            "updates": str(custom.get("consent_updates")).lower() in ("true", "1", "yes"),
            "email": str(custom.get("consent_email", True)).lower() not in ("false", "0", "no"),
        },
    }


def _name(person: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (_text(person.get("given_name")), _text(person.get("family_name")))))


def _primary(value: object) -> Mapping[str, Any]:
    """Return the primary entry, or else the first. Some clients send one entry, or only a text, instead of a list."""
    values: Sequence[object] = value if isinstance(value, list) else [value]
    entries = [{"address": each} if isinstance(each, str) else _mapping(each) for each in values]
    first = entries[0] if entries else {}
    return next((each for each in entries if each.get("primary") is True), first)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _moment(value: object, now: datetime) -> object:
    """Return the value as a moment. A time without a zone is UTC.

    Return `now` if the value is missing. Return a malformed value as it is: validation then refuses it.
    """
    if value in (None, ""):
        return now
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
