"""Pages say times in the petition's own zone, and in UTC where that differs."""

import pytest

from chalicelib.petitions.model import Petition
from tests.actors import a_petition, a_published_petition
from tests.fake_site import FakeSite


@pytest.mark.parametrize(
    ("zone", "closes", "shown"),
    [
        ("Europe/London", "2026-12-24T22:00:00Z", "24 December 2026 at 22:00 GMT<"),
        ("Europe/London", "2027-06-24T23:30:00Z", "25 June 2027 at 00:30 BST (23:30 UTC)"),
        ("Europe/Paris", "2026-12-24T22:00:00Z", "24 December 2026 at 23:00 CET (22:00 UTC)"),
        ("UTC", "2027-06-24T22:00:00Z", "24 June 2027 at 22:00 UTC<"),
    ],
)
def test_the_closing_is_said_in_the_petitions_zone(fake_site: FakeSite, zone: str, closes: str, shown: str) -> None:
    a_published_petition(fake_site.tables, slug="elsewhere", time_zone=zone, closes_at=closes)
    assert shown in fake_site.get("/petitions/elsewhere", Accept="text/html").body.decode()


@pytest.mark.parametrize("wrong", ["", "Mars", "Europe", "../../etc/passwd", "/etc/localtime", "A" * 61, "Europe/\0"])
def test_a_zone_that_does_not_exist_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="time_zone"):
        a_petition(time_zone=wrong)


def test_a_petition_stored_before_has_londons_zone() -> None:
    stored = a_petition().model_dump(exclude={"time_zone"})
    assert Petition.model_validate(stored).time_zone == "Europe/London"
