"""The file of an access request in words, for the person: sections of facts, as a page and as a PDF.

Everything in the file is in its words: what has no label here is shown under its own name.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.core.language import countries
from chalicelib.core.times import in_words
from chalicelib.pages.pdf import add_text, empty_sheet

if TYPE_CHECKING:
    from chalicelib.people.answers import AccessExport

HEADINGS = {
    "person": "About you",
    "typed_here": "Typed on our page, and not confirmed",
    "obtained": "Where we have it from",
    "consents": "What you agreed to",
    "signed_text": "The text that you signed",
    "letter": "Your letter",
    "times": "When",
    "mail": "Our emails about this petition",
}
LABELS = {
    "slug": "Address of the petition",
    "id": "Number of the signature",
    "updates": "Wants updates",
    "by": "From",
    "also_by": "Also from",
    "counted_as": "Counted under the source",
    "to": "Consent to",
    "sent": "How many we sent",
    "waiting": "Kind of the email that waits",
    "due_at": "It waits until",
    "hurried_at": "Asked for again at",
    "undeliverable": "Why we cannot send email",
    "stopped": "Wants no more email about this petition",
    "owner_confirmed_at": "Confirmed by our email at",
    "updates_at": "Agreed to updates at",
    "unsubscribed_at": "Stopped updates at",
    "expires_at": "Deleted by itself at",
    "agreed": "The letter",
    "asked": "A letter that you have not agreed to",
    "deliveries": "Delivery",
    "reply": "The targets may see your address",
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class Section(NamedTuple):
    """`facts`: labels and values. A text without a label has the label ""."""

    heading: str
    facts: list[tuple[str, str]]


def sections(file: "AccessExport") -> Iterator[Section]:
    for signature in file["signatures"]:
        own: Mapping[str, Any] = signature
        facts = {**own["petition"], "state": own["state"], "id": own["id"]}
        yield Section(f"Your signature: {own['petition']['title']}", [*_facts(facts)])
        for name, heading in HEADINGS.items():
            if found := [*_facts(own[name])]:
                yield Section(heading, found)
    yield Section("What we do not hold", [("", text) for text in file["not_held"]])
    yield Section("What is elsewhere", [("", text) for text in file["held_elsewhere"]])


def file_sheet(title: str, prepared_at: datetime, contact: str, found: Sequence[Section]) -> bytes:
    pdf = empty_sheet(title, prepared_at)
    pdf.set_auto_page_break(True, 20)
    pdf.set_font_size(20)
    add_text(pdf, title, height=9)
    pdf.set_font_size(10)
    add_text(pdf, f"Prepared on {in_words(prepared_at)}. Questions: {contact}")
    for section in found:
        pdf.ln(6)
        pdf.set_font_size(13)
        add_text(pdf, section.heading, height=7)
        pdf.set_font_size(10)
        for label, value in section.facts:
            add_text(pdf, f"{label}: {value}" if label else value)
    return bytes(pdf.output())


def _facts(value: object, label: str = "") -> Iterator[tuple[str, str]]:
    """Yield each value with its label. Leave out what is not there."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            own_label = LABELS.get(name, name.replace("_", " ").capitalize())
            yield from _facts(_named(name, part), f"{label}: {own_label}" if label else own_label)
    elif isinstance(value, list | tuple) and any(isinstance(part, Mapping) for part in value):
        for number, part in enumerate(value, 1):
            yield from _facts(part, f"{label} {number}".strip())
    elif isinstance(value, list | tuple):
        yield from _facts(", ".join(map(str, value)), label)
    elif isinstance(value, bool):
        yield label, "yes" if value else "no"
    elif value not in (None, ""):
        yield label, _text(value)


def _named(name: str, value: object) -> object:
    return countries().get(str(value), value) if name == "country" else value


def _text(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    text = str(value)
    return in_words(datetime.fromisoformat(text)) if _TIME.fullmatch(text) else text
