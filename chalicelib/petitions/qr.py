"""The QR code of a petition's public address, for posters, slides and the phone of the person beside you."""

from io import BytesIO
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segno import QRCode

PNG_PIXELS_A_MODULE = 32  # The smallest code has 21 modules and a quiet zone of 4 on each side: 928 pixels or more.


def qr_of(address: str, kind: Literal["svg", "png"]) -> bytes:
    """Return a black and white picture."""
    picture = BytesIO()
    _code(address).save(picture, kind=kind, scale=PNG_PIXELS_A_MODULE if kind == "png" else 8, border=4, light="white")
    return picture.getvalue()


def matrix_of(address: str) -> "Sequence[Sequence[int]]":
    """Return the rows of modules, 1 for a dark one."""
    return _code(address).matrix


def _code(address: str) -> "QRCode":
    """Return a code of level M: about 15 % of it may be damaged (ISO/IEC 18004)."""
    # Imported here, because only requests for a code need this package.
    from segno import make_qr

    return make_qr(address, error="m")
