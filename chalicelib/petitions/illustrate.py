"""Set a petition's picture: re-encode what staff upload, and store it in an item of its own."""

from base64 import b64decode
from binascii import Error as NotBase64
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from chalicelib.aws.table import Tables
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.models import ClosedModel
from chalicelib.petitions import store
from chalicelib.petitions.edit import revise, with_changes
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition, Picture
from chalicelib.petitions.text import Code, Line

if TYPE_CHECKING:
    from PIL.Image import Image

# In base64, it fits into the 6 MB that Lambda takes.
MAX_UPLOAD_BYTES = 3_000_000
MAX_BODY_KB = 4_096
FORMATS = ("JPEG", "PNG", "WEBP")
# What a small file claims to hold: 3 bytes of memory for each pixel, several times.
MAX_PIXELS = 30_000_000
MIN_SIDE, MAX_SIDE = 200, 1200
# In base64, it fits into an item of 400 KB.
MAX_JPEG_BYTES = 250_000
QUALITIES = (82, 70, 55, 40, 20)
NOT_READABLE = "Choose a picture in the format JPEG, PNG or WebP"
TOO_SMALL = f"Choose a picture of at least {MIN_SIDE} by {MIN_SIDE} pixels"
TOO_LARGE = "Choose a picture of at most 30 million pixels and 3 MB"
TOO_DETAILED = "This picture has too many small details. Choose another one"
NO_ALT = "Say what the picture shows, in each language of the petition"


class SentPicture(ClosedModel):
    data: Annotated[str | None, Field(description="The file in base64: JPEG, PNG or WebP.")] = None
    """The file in base64: JPEG, PNG or WebP. Null keeps the picture that there is."""
    alts: dict[Code, Line]
    """What the picture shows, for people who do not see it, in each language of the petition."""


def set_picture(slug: str, sent: SentPicture, tables: Tables) -> Petition:
    """Raise UnknownPetition, Invalid, or Stale if somebody else edits the petition at the same moment."""
    petition = petition_as_stored(slug, tables)
    errors = [FieldError(f"alts.{code}", NO_ALT) for code in sorted({*petition.languages} ^ {*sent.alts})]
    if errors:
        raise Invalid(errors)
    if sent.data is not None:
        picture = store_picture(slug, _decoded(sent.data), sent.alts, tables)
    elif petition.picture:
        picture = petition.picture.model_copy(update={"alts": sent.alts})
    else:
        raise _refused(NOT_READABLE)
    return revise(with_changes(petition, picture=picture.model_dump()), tables)


def remove_picture(slug: str, tables: Tables) -> Petition:
    """Pages stop showing it. Who knows its address still gets it: see `picture_of`."""
    return revise(with_changes(petition_as_stored(slug, tables), picture=None), tables)


def _decoded(data: str) -> bytes:
    try:
        return b64decode(data, validate=True)
    except (NotBase64, ValueError) as error:
        raise _refused(NOT_READABLE) from error


def reencoded(upload: bytes) -> tuple[bytes, int, int]:
    """Return a JPEG with its width and height, and without all that a camera adds, such as the place. Raise Invalid."""
    # Imported here: no other request needs it.
    from PIL import Image, ImageOps

    if len(upload) > MAX_UPLOAD_BYTES:
        raise _refused(TOO_LARGE)
    try:
        with Image.open(BytesIO(upload), formats=FORMATS) as picture:
            _check_size(*picture.size)
            picture.draft("RGB", (MAX_SIDE, MAX_SIDE))  # A JPEG is decoded at a fraction of its size.
            picture.thumbnail((MAX_SIDE, MAX_SIDE))
            return _as_jpeg(ImageOps.exif_transpose(picture))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _refused(TOO_LARGE) from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise _refused(NOT_READABLE) from error


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _refused(TOO_LARGE)
    if min(width, height) < MIN_SIDE:
        raise _refused(TOO_SMALL)


def _as_jpeg(picture: "Image") -> tuple[bytes, int, int]:
    from PIL import Image

    colours = picture.convert("RGBA")
    on_white = Image.new("RGB", colours.size, "white")
    on_white.paste(colours, mask=colours.getchannel("A"))
    for quality in QUALITIES:
        written = BytesIO()
        on_white.save(written, "JPEG", quality=quality, optimize=True, progressive=True)
        if written.tell() <= MAX_JPEG_BYTES:
            return written.getvalue(), *on_white.size
    raise _refused(TOO_DETAILED)


def _refused(message: str) -> Invalid:
    return Invalid([FieldError("data", message)])


def store_picture(slug: str, upload: bytes, alts: dict[str, str], tables: Tables) -> Picture:
    jpeg, width, height = reencoded(upload)
    digest = sha256(jpeg).hexdigest()[:16]
    store.add_picture(slug, digest, jpeg, tables)
    return Picture(digest=digest, width=width, height=height, alts=alts)
