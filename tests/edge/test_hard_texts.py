"""No text that anybody can send costs much CPU: the fields of each route, and the cells of an import."""

from contextlib import suppress
from zoneinfo import ZoneInfo

import pytest

from chalicelib.core.errors import Invalid
from chalicelib.partners.imports.file import HEADINGS
from chalicelib.partners.imports.rows import read_row
from tests.actors import NOW
from tests.fake_site import FakeSite
from tests.fakes import FakeTables
from tests.openapi.hard_texts import assert_bodies_quick, assert_parameters_quick, assert_quick, hard_texts
from tests.partnering import a_partner, sent_of


def test_a_hard_text_costs_little_in_any_field_of_a_body(fake_site: FakeSite) -> None:
    assert_bodies_quick(fake_site)


def test_a_hard_text_costs_little_in_any_parameter(fake_site: FakeSite) -> None:
    assert_parameters_quick(fake_site)


@pytest.mark.parametrize("field", HEADINGS)
def test_a_hard_text_costs_little_in_any_cell_of_an_import(field: str) -> None:
    partner = a_partner(FakeTables())

    def read(text: str) -> None:
        with suppress(Invalid):
            read_row({**sent_of(), field: text}, 1, partner, ZoneInfo("Europe/London"), NOW)

    assert_quick(field, hard_texts({}), read)
