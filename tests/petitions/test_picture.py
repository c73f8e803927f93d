"""Staff upload a picture. It is re-encoded, has an alternative text in each language, and is served for a year."""

import random
from base64 import b64encode
from functools import cache
from io import BytesIO
from struct import pack
from time import process_time
from typing import Any
from zlib import crc32

import pytest
from chalice.test import HTTPResponse
from PIL import Image

from chalicelib.core.errors import Invalid
from chalicelib.petitions.illustrate import MAX_JPEG_BYTES, NOT_READABLE, TOO_DETAILED, TOO_LARGE, TOO_SMALL, reencoded
from tests.actors import WELSH, a_published_petition
from tests.fake_site import FakeSite
from tests.petitions.test_staff_api import PETITION_URL, ask

URL = f"{PETITION_URL}/picture"
PLACE = 0x8825  # The tag of the place in EXIF.


def a_picture(kind: str = "JPEG", size: tuple[int, int] = (400, 300), mode: str = "RGB", **options: Any) -> bytes:
    written = BytesIO()
    Image.new(mode, size).save(written, kind, **options)
    return written.getvalue()


def a_bomb(width: int, height: int) -> bytes:
    """A PNG whose header says that it has this size."""
    png = a_picture("PNG")
    header = b"IHDR" + pack(">II", width, height) + png[24:29]
    return png[:12] + header + pack(">I", crc32(header)) + png[33:]


@cache
def noise() -> bytes:
    written = BytesIO()
    Image.effect_noise((1800, 1800), 120).save(written, "JPEG")
    return written.getvalue()


def upload(fake_site: FakeSite, content: bytes | None, **alts: str) -> HTTPResponse:
    data = None if content is None else b64encode(content).decode()
    return ask(fake_site, "PUT", URL, {"data": data, "alts": alts})


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (a_picture(), (400, 300)),
        (a_picture("PNG", (1600, 800), "RGBA"), (1200, 600)),
        (a_picture("PNG", mode="P", transparency=0), (400, 300)),
        (a_picture("PNG", mode="I;16"), (400, 300)),
        (a_picture("WEBP", (1300, 1300), method=0), (1200, 1200)),
        (a_picture(mode="CMYK"), (400, 300)),
        (noise(), (1200, 1200)),
    ],
)
def test_every_picture_becomes_a_small_jpeg(content: bytes, size: tuple[int, int]) -> None:
    jpeg, *sides = reencoded(content)
    assert (Image.open(BytesIO(jpeg)).format, tuple(sides)) == ("JPEG", size)
    assert len(jpeg) <= MAX_JPEG_BYTES


def test_a_picture_is_turned_and_loses_what_the_camera_added() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Turn it by 90 degrees.
    exif.get_ifd(PLACE)[1] = "N"
    jpeg, *sides = reencoded(a_picture(exif=exif, comment=b"secret"))
    assert sides == [300, 400]
    opened = Image.open(BytesIO(jpeg))
    assert not opened.getexif()
    assert b"secret" not in jpeg


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", NOT_READABLE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", NOT_READABLE),
        (a_picture("GIF"), NOT_READABLE),
        (noise()[:5000], NOT_READABLE),
        (a_picture(size=(199, 400)), TOO_SMALL),
        (a_bomb(6_000, 6_000), TOO_LARGE),
        (a_bomb(20_000, 20_000), TOO_LARGE),
        (b"a" * 3_000_001, TOO_LARGE),
    ],
)
def test_another_file_or_a_bomb_is_refused_at_once(content: bytes, message: str) -> None:
    before = process_time()
    with pytest.raises(Invalid) as caught:
        reencoded(content)
    assert process_time() - before < 0.5
    assert [error.message for error in caught.value.errors] == [message]


def test_the_page_and_shared_links_show_the_picture(fake_site: FakeSite) -> None:
    picture = upload(fake_site, a_picture(), en="A harbour").json_body["picture"]
    assert (picture["width"], picture["height"], picture["alts"]) == (400, 300, {"en": "A harbour"})
    path = f"/petitions/safe-children/pictures/{picture['digest']}"
    page = fake_site.get("/petitions/safe-children").body.decode()
    assert f'src="{path}" width="400" height="300" alt="A harbour"' in page
    assert f'{path}">' in page.partition('property="og:image"')[2]
    answer = fake_site.get(path)
    assert (answer.headers["Content-Type"], answer.body[:2]) == ("image/jpeg", b"\xff\xd8")
    assert "max-age=31536000, immutable" in answer.headers["Cache-Control"]
    assert fake_site.get("/petitions/safe-children/pictures/0123456789abcdef").status_code == 404


def test_each_language_needs_its_alternative_text(fake_site: FakeSite) -> None:
    a_published_petition(fake_site.tables, translations={"cy": WELSH})
    refused = upload(fake_site, a_picture(), en="A harbour")
    assert [error["field"] for error in refused.json_body["errors"]] == ["alts.cy"]
    assert upload(fake_site, a_picture(), en="A harbour", cy="Harbwr").status_code == 200
    assert 'alt="Harbwr"' in fake_site.get("/petitions/safe-children?lang=cy").body.decode()


def test_staff_change_the_text_alone_and_remove_the_picture(fake_site: FakeSite) -> None:
    assert upload(fake_site, None, en="A harbour").status_code == 422
    before = upload(fake_site, a_picture(), en="A harbour").json_body["picture"]
    assert upload(fake_site, None, en="A quay").json_body["picture"] == before | {"alts": {"en": "A quay"}}
    assert ask(fake_site, "DELETE", URL).json_body["picture"] is None
    assert '<img class="photo' not in fake_site.get("/petitions/safe-children").body.decode()
    assert ask(fake_site, "PUT", URL, {"data": "no base64!", "alts": {"en": "A"}}).status_code == 422


def test_a_picture_whose_details_do_not_fit_an_item_is_refused() -> None:
    noise = Image.frombytes("RGB", (600, 600), random.Random(1).randbytes(600 * 600 * 3))
    upload = BytesIO()
    noise.point(lambda value: 255 * (value > 127)).resize((1200, 1200), Image.Resampling.NEAREST).save(upload, "PNG")
    with pytest.raises(Invalid) as refused:
        reencoded(upload.getvalue())
    assert [error.message for error in refused.value.errors] == [TOO_DETAILED]
