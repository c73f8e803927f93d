"""The model of a statement."""

from pydantic import BaseModel, ConfigDict

from chalicelib.core.times import Moment


class Statement(BaseModel):
    """How many people had confirmed which text, and when. It does not change when the petition does."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    slug: str
    title: str
    charity: str
    text_version: str
    confirmed: int
    as_of: Moment
