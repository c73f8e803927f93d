"""The JSON documents of our OSDI API. In this file, `base` is the URL of the API's entry point.

OSDI 1.2.0 is a standard by which campaign systems exchange data. The links between the documents are in the HAL format.
"""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from math import ceil
from typing import Any

from chalicelib.core.times import iso
from chalicelib.petitions.find import ListedPetition
from chalicelib.petitions.model import Petition
from chalicelib.tallies.count import Count

HAL = "application/hal+json"
VERSION = "1.2.0"
NAMESPACE = "petitions"
PAGE_SIZE = 25
CURIES = [{"name": "osdi", "href": "https://opensupporter.github.io/osdi-docs/{rel}", "templated": True}]

Document = dict[str, Any]


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
    """Return one page of the list. A client stops at the page that has no link `next`."""
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
    paragraphs = [f"<p>{escape(text)}</p>" for text in petition.text.split("\n\n")]
    links = {"self": _link(url), "osdi:record_signature_helper": _link(f"{url}/record"), "curies": CURIES}
    return {
        "identifiers": [f"{NAMESPACE}:{petition.slug}"],
        "origin_system": petition.charity,
        "created_date": iso(petition.opened_at),
        "modified_date": iso(count.as_of),  # We store no time of an edit. The count changes most often.
        "name": petition.slug,
        "title": petition.title,
        "summary": petition.summary,
        "description": "".join(paragraphs),
        "petition_text": petition.text,
        "target": [{"name": petition.target}],
        "total_signatures": count.confirmed,
        "_links": links,
    }


def signature_document(identifiers: Sequence[str], signed_at: datetime, now: datetime, petition_url: str) -> Document:
    """Return the answer to a recorded signature. It has no link `self`: a partner's token cannot read signatures."""
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
