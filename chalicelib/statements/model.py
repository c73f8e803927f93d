"""The model of a statement: a petition's counts at one moment, which anyone can check later."""

from pydantic import BaseModel, ConfigDict

from chalicelib.core.times import Moment
from chalicelib.petitions.model import Slug


class Statement(BaseModel):
    """How many people had confirmed which text, and when. It does not change when the petition changes."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    slug: Slug
    """The petition's name in URLs."""
    title: str
    charity: str
    text_version: str
    """The signed text: a digest of its title, text and target."""
    confirmed: int
    """Confirmed signatures, exact at `as_of`."""
    as_of: Moment
    """The moment (UTC) of the count."""
    letters: str | None = None
    """If there are letters to the targets: how many, in a sentence for each target. Exact at `as_of`."""
    total: str | None = None
    """If there are figures from elsewhere: what they report, and the bounds of the total, in a sentence."""
    by_partners: int | None = None
    """How many signatures partners sent, if any. They counted without our email. The others were confirmed by email."""
