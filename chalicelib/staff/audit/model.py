"""Who on the staff did what, when and from where. Never whose data: ids stand for people."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.core.times import Moment


class Actor(BaseModel):
    """Somebody with a token, or an engineer at the command line; `source_ip` is what API Gateway saw."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    token_id: str
    owner: str
    source_ip: str = ""


class Action(BaseModel):
    """`name`: noun and past tense ("petition.edited"); `subject`: an id or slug; details: ids, states, numbers."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    name: str
    subject: str = ""
    details: dict[str, str] = Field(default_factory=dict)


class Entry(BaseModel):
    """As stored and as shown."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    at: Moment
    actor: Actor
    action: Action
    cursor: str = ""


def precise(moment: datetime) -> str:
    """To the microsecond: what is shown is to the second, what sorts must be finer."""
    return moment.isoformat(timespec="microseconds")
