"""What a statement says: how many had confirmed which text, and when."""

from pydantic import BaseModel, ConfigDict

from chalicelib.core.times import Moment


class Statement(BaseModel):
    """As signed and as shown. It stands by itself: the petition may be renamed, closed or taken down since."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    slug: str
    title: str
    charity: str
    text_version: str
    confirmed: int
    as_of: Moment
