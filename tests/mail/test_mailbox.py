"""An address is known by a hash only, and by one, however it is written."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from chalicelib.core import keys
from chalicelib.core.address import signature_id
from chalicelib.mail.mailbox import mailbox_of
from chalicelib.mail.send import send
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.petitions.model import Petition
from tests.actors import (
    ALICE,
    LIMIT_KEYS,
    NOW,
    SECRET,
    a_mail_context,
    request_of,
    signed,
)
from tests.fakes import FakeTables

HOUR = timedelta(hours=1)
TO_ALICE = mailbox_of(ALICE.email, LIMIT_KEYS)
SLUG = "safe-children"


def test_neither_the_address_nor_anything_comparable_is_stored(tables: FakeTables, petition: Petition) -> None:
    request = request_of(tables, petition, signed(tables, petition))
    send(request, SIGNATURE_KINDS, a_mail_context(), NOW, tables)
    [(key, item)] = [(key, item) for key, item in tables.items.items() if key.table == keys.LIMITS]
    stored = f"{key} {item}".lower()
    slugs = ("", petition.slug)
    known = [signature_id(slug, ALICE.email, secret) for slug in slugs for secret in (SECRET, LIMIT_KEYS["v1"])]
    words: Sequence[str] = (*ALICE.email.split("@"), ALICE.name.lower(), petition.slug, request.key, *known)
    assert not [word for word in words if word in stored]


@pytest.mark.parametrize("typed", ["A.lice+x@googlemail.com", "alice@gmail.com", "ALICE@GMAIL.COM"])
def test_all_ways_to_write_an_address_share_a_budget(typed: str) -> None:
    assert mailbox_of(typed, LIMIT_KEYS) == mailbox_of("alice@gmail.com", LIMIT_KEYS)
    assert mailbox_of(typed, LIMIT_KEYS) != TO_ALICE
