"""The poster and the sheet for the street, read by an independent program."""

import pytest

from tests.actors import a_published_petition
from tests.fake_site import FakeSite
from tests.programs.test_cover import text_of

BOTH = ("A petition to the Home Secretary", "Keep children safe", "Oak & Co", "<page>")
PAPERS = {
    "poster": (*BOTH, "Sign this petition", "petitions.example/petitions/safe-children"),
    "sheet": (*BOTH, "I sign it.", "Your name", "Address or postcode", "Email (optional)", "privacy@oak.example"),
}


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("length", [1, 200])
def test_a_paper_is_one_page_that_says_what_people_need(fake_site: FakeSite, paper: str, length: int) -> None:
    title = "Keep children safe " + "x" * (length - 19)
    texts = {
        "title": title.strip(),
        "target": "the Home Secretary",
        "charity": "Oak & Co",
        "sign_wording": "I sign it.",
    }
    a_published_petition(fake_site.tables, **texts, privacy_contact="privacy@oak.example")
    answer = fake_site.get(f"/petitions/safe-children/{paper}.pdf")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert answer.headers["Cache-Control"].startswith("public, max-age=600")
    text = text_of(answer.body)
    assert [part for part in PAPERS[paper] if part not in text] == []
    assert text.count("<page>") == 1


@pytest.mark.parametrize("paper", PAPERS)
def test_a_draft_has_no_paper(fake_site: FakeSite, paper: str) -> None:
    a_published_petition(fake_site.tables, state="draft")
    assert fake_site.get(f"/petitions/safe-children/{paper}.pdf").status_code == 404
