"""The sites that may show a petition in a frame."""

import pytest
from pydantic import ValidationError

from chalicelib.core.errors import Invalid
from chalicelib.petitions.change import with_changes
from tests.actors import a_petition

SITE = "https://www.charity.example"


@pytest.mark.parametrize(
    "site", [SITE, "https://xn--d1acufc.example:8443", "http://127.0.0.1:8100", "http://localhost"]
)
def test_an_origin_is_accepted(site: str) -> None:
    assert a_petition(embed_on=[site]).embed_on == [site]


@pytest.mark.parametrize(
    "wrong",
    [
        f"{SITE}/", f"{SITE}/page", "http://www.charity.example", "www.charity.example", "https://*.example",
        "*", "'self'",
        "https:", "https://", f"{SITE};", f"{SITE} *", f"{SITE}; script-src *", f"{SITE}\n", f"{SITE}\r\nX: y",
        "https://user@charity.example", "https://" + "a." * 100 + "example", f"{SITE}:123456", "", None, 5,
    ],
)  # fmt: skip
def test_only_an_origin_can_get_into_the_header(wrong: object) -> None:
    with pytest.raises(ValidationError):
        a_petition(embed_on=[wrong])


def test_the_error_says_what_a_site_looks_like() -> None:
    with pytest.raises(Invalid) as caught:
        with_changes(a_petition(), embed_on=[SITE, f"{SITE}/page"])
    (error,) = caught.value.errors
    assert (error.field, SITE in error.message) == ("embed_on.1", True)


def test_a_petition_has_at_most_twenty_sites() -> None:
    sites = [f"https://s{number}.example" for number in range(21)]
    assert len(a_petition(embed_on=sites[:20]).embed_on) == 20
    with pytest.raises(ValidationError):
        a_petition(embed_on=sites)
