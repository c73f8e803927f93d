"""The picture of a shared link."""

import struct

import pytest

from chalicelib.petitions.card import SIZES, _size_and_lines, card_of
from tests.actors import a_petition, a_published_petition
from tests.fake_site import FakeSite

PNG = b"\x89PNG\r\n\x1a\n"
CARD_URL = "/petitions/safe-children/card.png"


def size_of(picture: bytes) -> tuple[int, ...]:
    assert picture.startswith(PNG)
    return struct.unpack(">II", picture[16:24])


@pytest.mark.parametrize(
    "title", ["Short", "A title of usual length for a petition " * 2, "W" * 200, "word " * 39, "<&\"'>"]
)
def test_every_title_fits_into_1200_by_630_pixels(title: str) -> None:
    picture = card_of(a_petition(title=title.strip()), 100_000_000, "en")
    assert size_of(picture) == (1200, 630)
    assert len(picture) < 300_000
    size, lines = _size_and_lines(title.strip())
    [characters] = [characters for font_size, characters, _ in SIZES if font_size == size]
    assert all(len(line) <= characters for line in lines)


def test_title_and_count_are_drawn() -> None:
    one, two = a_petition(title="One"), a_petition(title="Two")
    pictures = {card_of(one, None, "en"), card_of(one, 1, "en"), card_of(one, 2, "en"), card_of(two, 1, "en")}
    assert len(pictures) == 4


def test_a_petitions_card_is_a_png_that_caches_keep(fake_site: FakeSite) -> None:
    a_published_petition(fake_site.tables)
    answer = fake_site.get(CARD_URL)
    assert (answer.status_code, answer.headers["Content-Type"], size_of(answer.body)) == (200, "image/png", (1200, 630))
    assert answer.headers["Cache-Control"].startswith("public, max-age=600")
    head = fake_site.client.http.request("HEAD", CARD_URL)
    assert (head.status_code, head.body) == (200, b"")
    assert fake_site.get("/petitions/nothing/card.png").status_code == 404
