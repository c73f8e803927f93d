"""A person who confirms can correct the signature."""

import pytest

from chalicelib.core.errors import Invalid
from chalicelib.petitions.model import Petition
from chalicelib.signatures.confirm import confirm, read_corrections
from tests.actors import ALICE, NOW, item_of, signed, subject_of
from tests.fakes import FakeTables


def test_the_owner_can_correct_the_signature(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition, updates=True, postcode="M1 1AE")
    fields = {"name": " Alice A. ", "postcode": "sw1a1aa", "updates": "no", "token": "x"}
    confirm(subject_of(petition, identity), read_corrections(fields, "GB"), petition, NOW, tables)
    item = item_of(tables, petition, identity)
    assert (item["name"], item["postcode"], item["updates"]) == ("Alice A.", "SW1A 1AA", False)


def test_a_field_that_is_not_sent_stays_as_signed(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition, updates=True, postcode="M1 1AE")
    confirm(subject_of(petition, identity), read_corrections({}, "GB"), petition, NOW, tables)
    item = item_of(tables, petition, identity)
    assert (item["name"], item["postcode"], item["updates"]) == (ALICE.name, "M1 1AE", True)


def test_an_emptied_postcode_is_removed(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition, postcode="M1 1AE")
    confirm(subject_of(petition, identity), read_corrections({"postcode": " "}, "GB"), petition, NOW, tables)
    assert "postcode" not in item_of(tables, petition, identity)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "=x"}, "name"),
        ({"postcode": "nope"}, "postcode"),
        ({"country": "ZZ"}, "country"),
        ({"country": "GB", "postcode": "1012 AB"}, "postcode"),
        ({"updates": "maybe"}, "updates"),
    ],
)
def test_a_correction_is_validated_like_the_form(fields: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_corrections(fields, "GB")
    assert [error.field for error in caught.value.errors] == [field]
    assert "JSON" not in caught.value.errors[0].message, "the page shows this message to a supporter"
