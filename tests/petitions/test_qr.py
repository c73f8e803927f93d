"""The QR code of a petition's address."""

from io import BytesIO

import pytest
import segno
from PIL import Image

from chalicelib.petitions.model import Petition
from chalicelib.petitions.paper import qr_of
from tests.actors import a_published_petition
from tests.fake_site import FakeSite
from tests.petitions.test_card import size_of

PAGE = "https://petitions.example/petitions/safe-children"


@pytest.mark.parametrize("kind", ["svg", "png"])
@pytest.mark.parametrize(
    ("query", "encoded"),
    [
        ("", f"{PAGE}?source=qr"),
        ("?source=poster", f"{PAGE}?source=poster"),
        ("?lang=cy&source=poster", f"{PAGE}?lang=cy&source=poster"),
        ("?source=not%20valid", f"{PAGE}?source=qr"),
    ],
)
def test_a_code_has_the_pages_address_with_language_and_source(
    fake_site: FakeSite, petition: Petition, kind: str, query: str, encoded: str
) -> None:
    answer = fake_site.get(f"/petitions/safe-children/qr.{kind}{query}")
    assert (answer.status_code, answer.body) == (200, qr_of(encoded, "svg" if kind == "svg" else "png"))
    assert answer.headers["Cache-Control"].startswith("public, max-age=600")


def test_the_png_draws_each_module_of_the_standard_inside_a_quiet_zone() -> None:
    address = "https://petitions.example/petitions/a?source=qr"
    picture = Image.open(BytesIO(qr_of(address, "png"))).convert("1")
    quiet = 4
    matrix = segno.make_qr(address, error="m").matrix_iter(border=quiet)
    pixels = picture.width // int(segno.make_qr(address, error="m").symbol_size(border=quiet)[0])
    drawn = [
        [picture.getpixel((x + pixels // 2, y + pixels // 2)) == 0 for x in range(0, picture.width, pixels)]
        for y in range(0, picture.height, pixels)
    ]
    assert drawn == [[bool(module) for module in row] for row in matrix]


def test_the_png_is_large_enough_for_a_poster() -> None:
    width, height = size_of(qr_of("https://petitions.example/petitions/a", "png"))
    assert width == height >= 1_000


def test_a_draft_has_no_code(fake_site: FakeSite) -> None:
    a_published_petition(fake_site.tables, state="draft")
    assert fake_site.get("/petitions/safe-children/qr.svg").status_code == 404
