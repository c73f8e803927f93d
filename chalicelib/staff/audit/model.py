"""The entries of the activity log: who did what, when and from where. Entries name signers by id only."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.core.times import Moment


class Actor(BaseModel):
    """Who did an action: the owner of a token, or an engineer at the command line."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    token_id: str
    owner: str
    source_ip: str = ""


class Action(BaseModel):
    """`name`: noun and past tense ("petition.edited"). `subject`: an id or slug. `details` name signers by id only."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    name: str
    subject: str = ""
    details: dict[str, str] = Field(default_factory=dict)


class AuditRecord(BaseModel):
    """An entry of the activity log. `cursor` is its sort key. `refused`: why the action was not done, or empty."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    at: Moment
    actor: Actor
    action: Action
    cursor: str = ""
    refused: str = ""


def precise(moment: datetime) -> str:
    """Format the moment to the microsecond. We show only seconds, but sort keys must be more precise."""
    return moment.isoformat(timespec="microseconds")
