"""Origins of signatures: our own form, and partners that only these tests know."""

import dataclasses

from chalicelib.petitions.model import Petition
from chalicelib.signatures.confirm import confirm
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.model import SignatureState
from chalicelib.signatures.origin import Origin
from chalicelib.signatures.sign import Outcome, SignResult, sign
from chalicelib.tallies.count import Days, breakdown
from chalicelib.tallies.model import TallyDimension
from tests.actors import NOW, a_form, a_signing_context, item_of, signed, subject_of
from tests.fakes import FakeTables

PARTNER = Origin("Oak Alliance", "partner", "oak-consent-3", "oak-alliance")
# A partner whose signatures count at once, because it has confirmed the addresses itself.
TRUSTED_PARTNER = dataclasses.replace(PARTNER, mail_kind=None)


def sign_with_origin(tables: FakeTables, petition: Petition, origin: Origin) -> SignResult:
    return sign(a_form(), petition, origin, NOW, a_signing_context(tables))


def sign_and_count_at_once(tables: FakeTables, petition: Petition) -> Outcome:
    identity, outcome = sign_with_origin(tables, petition, TRUSTED_PARTNER)
    subject = subject_of(petition, identity, source=PARTNER.source)
    assert confirm(subject, Corrections(), petition, NOW, tables) is SignatureState.CONFIRMED
    return outcome


def test_a_partners_signature_stores_its_origin(tables: FakeTables, petition: Petition) -> None:
    identity, outcome = sign_with_origin(tables, petition, PARTNER)
    item = item_of(tables, petition, identity)
    names = ("obtained_by", "channel", "consent_version", "source", "mail_kind")
    assert outcome is Outcome.ACCEPTED
    assert [item[name] for name in names] == ["Oak Alliance", "partner", "oak-consent-3", "oak-alliance", "confirm"]


def test_signing_with_us_and_then_with_a_partner_is_one_signature_with_our_origin(
    tables: FakeTables, petition: Petition
) -> None:
    identity = signed(tables, petition)
    assert sign_with_origin(tables, petition, PARTNER) == (identity, Outcome.REPEATED)
    assert item_of(tables, petition, identity)["obtained_by"] == petition.charity


def test_a_signature_that_counts_at_once_is_counted_once_and_sends_no_email(
    tables: FakeTables, petition: Petition
) -> None:
    assert sign_and_count_at_once(tables, petition) is Outcome.ACCEPTED
    assert sign_and_count_at_once(tables, petition) is Outcome.REPEATED
    (identity,) = {key.sk for key in tables.items if key.table == "signatures"}
    item = item_of(tables, petition, identity)
    assert (item["state"], "mail_kind" in item, item["mails"]) == ("confirmed", False, 0)
    assert breakdown(petition, TallyDimension.SOURCE, Days(), NOW, tables).values == {"oak-alliance": 1}
