"""OSDI 1.2.0, a standard by which campaign systems exchange data: read signatures, and write our API's documents.

OSDI clients differ, so we ignore malformed fields that we do not need. `base` is the URL of the API's entry point.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.times import iso
from chalicelib.pages.markdown import petition_html
from chalicelib.partners.form import SentSignature, read_signature
from chalicelib.partners.model import Partner
from chalicelib.petitions.find import ListedPetition
from chalicelib.petitions.model import Petition
from chalicelib.tallies.count import Count

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
HAL = "application/hal+json"
VERSION = "1.2.0"
NAMESPACE = "petitions"
PAGE_SIZE = 25
CURIES = [{"name": "osdi", "href": "https://opensupporter.github.io/osdi-docs/{rel}", "templated": True}]
Document = dict[str, Any]


def read_osdi_signature(body: object, partner: Partner, now: datetime) -> SentSignature:
    """Raise Invalid with the OSDI names of the invalid fields.

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
    return OSDI_PATHS.get(field, field)


def identifiers_of(body: object) -> list[str]:
    """Leave out empty ones and other types of values."""
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
    """`action_date`: when they signed. By default the person gets no updates, but one email to confirm."""
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
    """Return the primary entry, or else the first. Some clients send one entry or a text instead of a list."""
    values: Sequence[object] = value if isinstance(value, list) else [value]
    entries = [_entry(each) for each in values]
    return next((entry for entry in entries if entry.get("primary") is True), entries[0] if entries else {})


def _entry(value: object) -> Mapping[str, Any]:
    return {"address": value} if isinstance(value, str) else _mapping(value)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    """Return a text or a whole number as text. For any other value, return an empty text."""
    if isinstance(value, bool):  # In Python, True and False are also of the type int.
        return ""
    return str(value).strip() if isinstance(value, str | int) else ""


def _moment(value: object, now: datetime) -> object:
    """Return `now` if the value is missing, and a malformed value as it is. A time without a zone is UTC."""
    if value in (None, ""):
        return now
    try:  # `fromisoformat` refuses 2026-03-01Z. It reads 2026-03-01+00:00 as a date, any character, and a time.
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def entry_point(base: str) -> Document:
    """Return the document that an OSDI client reads first."""
    links = {"self": _link(base), "osdi:petitions": _link(f"{base}/petitions"), "curies": CURIES}
    return {
        "motd": "Record signatures with osdi:record_signature_helper of each petition.",
        "vendor_name": "Petitions",
        "product_name": "Petitions",
        "osdi_version": VERSION,
        "namespace": NAMESPACE,
        "max_pagesize": PAGE_SIZE,
        "_links": links,
    }


def petition_list(petitions: Sequence[ListedPetition], page: int, base: str) -> Document:
    """A client stops at the page that has no link `next`."""
    pages = max(1, ceil(len(petitions) / PAGE_SIZE))
    on_page = petitions[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    documents = [petition_document(petition, count, base) for petition, count in on_page]
    links: Document = {"self": _link(f"{base}/petitions?page={page}"), "curies": CURIES}
    links["osdi:petitions"] = [each["_links"]["self"] for each in documents]
    if page < pages:
        links["next"] = _link(f"{base}/petitions?page={page + 1}")
    if page > 1:
        links["previous"] = _link(f"{base}/petitions?page={page - 1}")
    totals = {"page": page, "per_page": PAGE_SIZE, "total_pages": pages, "total_records": len(petitions)}
    return {**totals, "_links": links, "_embedded": {"osdi:petitions": documents}}


def petition_document(petition: Petition, count: Count, base: str) -> Document:
    url = f"{base}/petitions/{petition.slug}"
    links = {"self": _link(url), "osdi:record_signature_helper": _link(f"{url}/record"), "curies": CURIES}
    return {
        "identifiers": [f"{NAMESPACE}:{petition.slug}"],
        "origin_system": petition.charity,
        "created_date": iso(petition.opened_at),
        "modified_date": iso(count.as_of),  # We store no time of an edit. The count changes most often.
        "name": petition.slug,
        "title": petition.title,
        "summary": petition.summary,
        "description": petition_html(petition.text),
        "petition_text": petition.text,
        "target": [{"name": petition.target}],
        "total_signatures": count.confirmed,
        "_links": links,
    }


def signature_document(identifiers: Sequence[str], signed_at: datetime, now: datetime, petition_url: str) -> Document:
    """It has no link `self`: a partner's token cannot read signatures."""
    return {
        "identifiers": list(identifiers),
        "created_date": iso(now),
        "modified_date": iso(now),
        "action_date": iso(signed_at),
        "_links": {"osdi:petition": _link(petition_url), "curies": CURIES},
    }


def error_document(status: int, descriptions: Sequence[Document]) -> Document:
    resource = {"resource": "osdi:signature", "response_code": status, "error_descriptions": list(descriptions)}
    return {"osdi:error": {"request_type": "atomic", "response_code": status, "resource_status": [resource]}}


def error_description(code: str, text: str, *fields: str) -> Document:
    description: Document = {"error_code": code, "description": text}
    if fields:
        description["properties"] = [*fields]
    return description


def _link(href: str) -> dict[str, str]:
    return {"href": href}
