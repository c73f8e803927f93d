"""No text that anybody can send costs much CPU, in every rotation (tests/edge/test_hard_texts.py tests fewer)."""

from tests.fake_site import FakeSite
from tests.openapi.hard_texts import assert_bodies_quick


def test_every_rotation_of_a_hard_text_costs_little_in_any_field_of_a_body(fake_site: FakeSite) -> None:
    assert_bodies_quick(fake_site, lambda _route: True)
