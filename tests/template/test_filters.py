"""The streams' filters pass exactly the changes that their functions read."""

from itertools import pairwise, product
from typing import Any

import pytest

from chalicelib.aws.expressions import to_wire
from chalicelib.projections.changes import increments
from chalicelib.signatures.letter import SignedLetter
from chalicelib.signatures.model import Signature, SignatureState
from stack.local.sources import kept_by
from tests.actors import NOW
from tests.template.packaged import events

LETTER: dict[str, Any] = {"letter": {"version": "v"}}
ASKED: dict[str, Any] = {"letter_asked": {"version": "v"}}
PENDING, CONFIRMED, WITHDRAWN = ({"state": each} for each in ("pending", "confirmed", "withdrawn"))


@pytest.mark.parametrize(
    ("old", "new", "is_passed"),
    [
        (None, {**PENDING, "mail_kind": "confirm"}, True),
        (PENDING | LETTER, CONFIRMED | LETTER, True),
        (CONFIRMED | ASKED, CONFIRMED | ASKED | LETTER, True),
        (CONFIRMED | LETTER, WITHDRAWN | LETTER, True),
        (PENDING | LETTER, PENDING | LETTER, False),
        (PENDING, CONFIRMED, False),
        (CONFIRMED, CONFIRMED | LETTER, False),
        (CONFIRMED | LETTER, CONFIRMED | LETTER, False),
        (CONFIRMED, WITHDRAWN, False),
    ],
)
def test_the_relay_gets_requests_for_email_and_changes_of_letters(
    old: dict[str, Any] | None, new: dict[str, Any], is_passed: bool
) -> None:
    assert _passes_filter(old, new, "RelayMail") is is_passed


def test_a_filter_can_find_each_letter() -> None:
    """A filter can test only leaves with "exists", and every letter has a version."""
    assert SignedLetter.model_fields["version"].is_required()
    assert {"mail_kind", "letter", "letter_asked"} <= set(Signature.model_fields)


MAILS: list[dict[str, Any]] = [{}, {"mail_kind": "confirm"}, {"mail_kind": "confirm", "mail_claimed_until": 1}]
MARKS: list[dict[str, Any]] = [{}, {"mailed_at": "2026-11-24T12:01:00Z"}, {"undeliverable": "bounced"}]
SIGNED = {"pk": "a#00", "sk": "x", "signed_at": "2026-11-24T12:00:00Z", "text_version": "v"}
IMAGES = [
    None,
    *({**SIGNED, "state": state, **mail, **mark} for state, mail, mark in product(SignatureState, MAILS, MARKS)),
]


def test_the_filter_passes_every_change_that_is_counted() -> None:
    counted = [(old, new) for old, new in product(IMAGES, IMAGES) if _is_counted(old, new)]
    missed = [(old, new) for old, new in counted if not _passes_filter(old, new)]
    assert len(counted) > 500
    assert missed == []


def _is_counted(old: dict[str, Any] | None, new: dict[str, Any] | None) -> bool:
    if not old and not new:
        return False
    return any(change.numbers for change in increments("1", old, new, NOW))


@pytest.mark.parametrize(("old", "new"), list(pairwise(MAILS)))
def test_the_request_and_claim_of_a_first_mail_cost_no_invocation(old: dict[str, Any], new: dict[str, Any]) -> None:
    pending = {"state": SignatureState.PENDING}
    assert not _passes_filter({**pending, **old}, {**pending, **new})


def _passes_filter(old: dict[str, Any] | None, new: dict[str, Any] | None, function: str = "ProjectSignatures") -> bool:
    source = events("DynamoDB")[function]
    assert len(source["FilterCriteria"]["Filters"]) <= 5  # Lambda's limit.
    images = {name: to_wire(image) for name, image in (("OldImage", old), ("NewImage", new)) if image}
    event_name = "MODIFY" if len(images) == 2 else "INSERT" if new else "REMOVE"
    return kept_by(source, [{"eventName": event_name, "dynamodb": images}]) != []
