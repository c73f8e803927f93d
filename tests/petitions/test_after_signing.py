"""What staff set for the pages after signing: the text and the ways to share, and a next step."""

from typing import Any
from urllib.parse import unquote

import pytest

from chalicelib.core.errors import Invalid
from chalicelib.petitions.form import read_new_petition
from chalicelib.petitions.model import Petition, ShareWay
from chalicelib.petitions.text import NextStep
from tests.actors import NOW, WELSH, a_petition, a_published_petition
from tests.fake_site import FakeSite
from tests.petitions.test_form import body_of
from tests.signatures.test_links import sign_and_email_alice

STEP = {"heading": "Give", "sentence": "Each gift helps.", "button": "Give now", "url": "https://give.example/now?a=b"}
WELSH_STEP = {**STEP, "heading": "Rhoi"}


def page_after_confirming(fake_site: FakeSite, lang: str = "", **changes: Any) -> str:
    petition = a_published_petition(fake_site.tables, **changes)
    sign_and_email_alice(fake_site, petition)
    link = fake_site.last_link("confirm")
    answer = fake_site.post_form(f"/confirm?lang={lang}" if lang else "/confirm", {"token": link.partition("=")[2]})
    return unquote(answer.body.decode())


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://give.example", "https://give.example?source=petition-trees"),
        ("https://give.example/a?b=c#d", "https://give.example/a?b=c&source=petition-trees#d"),
        ("https://give.example/?source=ours", "https://give.example/?source=ours"),
    ],
)
def test_the_next_site_learns_the_petition_and_nothing_else(url: str, address: str) -> None:
    assert NextStep(**{**STEP, "url": url}).address("trees") == address


def test_the_page_after_confirming_shares_the_staffs_text_by_their_ways_and_names_their_step(
    fake_site: FakeSite,
) -> None:
    page = page_after_confirming(fake_site, share_text="Sign & share!", share_ways=["whatsapp"], next_step=STEP)
    assert "https://wa.me/?text=Sign & share! https://" in page
    assert "facebook" not in page
    assert 'href="https://give.example/now?a=b&amp;source=petition-safe-children"' in page


def test_a_translated_page_has_its_own_text_and_step_or_our_text_and_the_main_step(fake_site: FakeSite) -> None:
    own = {"translations": {"cy": {**WELSH, "share_text": "Llofnodwch!", "next_step": WELSH_STEP}}}
    main = {"share_text": "Sign!", "next_step": STEP}
    page = page_after_confirming(fake_site, lang="cy", **main, **own)
    assert "Llofnodwch!" in page
    assert "<h2>Rhoi</h2>" in page
    petition = a_petition(**main, translations={"cy": WELSH}).in_language("cy")
    assert (petition.share_text, petition.next_step) == (None, NextStep(**STEP))


def test_a_petition_without_ways_to_share_offers_none(fake_site: FakeSite) -> None:
    assert "data-share" not in page_after_confirming(fake_site, share_ways=[])
    assert "data-share" not in fake_site.get("/petitions/safe-children").body.decode()
    assert "data-share" not in fake_site.get("/petitions/safe-children/thanks").body.decode()


def test_the_page_before_the_email_offers_sharing_with_the_same_links_for_everybody(
    fake_site: FakeSite, petition: Petition
) -> None:
    page = unquote(fake_site.get("/petitions/safe-children/thanks").body.decode())
    assert all(f"source=shared-{way}" in page for way in ShareWay if way not in ("device", "copy"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"next_step": {**STEP, "url": "http://give.example"}}, "next_step.url"),
        ({"next_step": {**STEP, "url": "https://[give.example"}}, "next_step.url"),
        ({"next_step": {**STEP, "url": "https://give℀.example"}}, "next_step.url"),
        ({"next_step": {**STEP, "url": "https://us@give.example"}}, "next_step.url"),
        ({"next_step": {**STEP, "url": "javascript:alert(1)//https://"}}, "next_step.url"),
        ({"next_step": {"url": "https://give.example"}}, "next_step.heading"),
        ({"share_text": "Two\nlines"}, "share_text"),
        ({"share_ways": ["fax"]}, "share_ways.0"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_new_petition(body_of(**changes), NOW)
    assert field in [error.field for error in refused.value.errors]
