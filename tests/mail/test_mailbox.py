"""An address is stored only as a hash, and all spellings of an address have the same hash."""

from collections.abc import Sequence

import pytest

from chalicelib.core import keys
from chalicelib.core.address import signature_id
from chalicelib.mail.mailbox import mailbox_of
from chalicelib.mail.send import send
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.petitions.model import Petition
from tests.actors import ALICE, LIMIT_KEYS, NOW, SECRET, a_mail_context, request_of, signed
from tests.fakes import FakeTables

ALICES_MAILBOX = mailbox_of(ALICE.email, LIMIT_KEYS)


def test_the_limit_of_an_address_contains_no_address_name_petition_or_known_hash(
    tables: FakeTables, petition: Petition
) -> None:
    request = request_of(tables, petition, signed(tables, petition))
    send(request, SIGNATURE_KINDS, a_mail_context(), NOW, tables)
    [(key, item)] = [(key, item) for key, item in tables.items.items() if key.table == keys.LIMITS]
    stored = f"{key} {item}".lower()
    slugs = ("", petition.slug)
    known = [signature_id(slug, ALICE.email, secret) for slug in slugs for secret in (SECRET, LIMIT_KEYS["v1"])]
    words: Sequence[str] = (*ALICE.email.split("@"), ALICE.name.lower(), petition.slug, request.key, *known)
    assert not [word for word in words if word in stored]


@pytest.mark.parametrize("typed", ["A.lice+x@googlemail.com", "alice@gmail.com", "ALICE@GMAIL.COM"])
def test_all_spellings_of_an_address_share_a_budget(typed: str) -> None:
    assert mailbox_of(typed, LIMIT_KEYS) == mailbox_of("alice@gmail.com", LIMIT_KEYS)
    assert mailbox_of(typed, LIMIT_KEYS) != ALICES_MAILBOX
