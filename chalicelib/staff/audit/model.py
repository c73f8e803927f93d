"""Audit entries: who did what, when and from where. They name people by id only."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.core.times import Moment


class Actor(BaseModel):
    """The owner of a token, or an engineer at the command line. `source_ip`: see edge/caller.source_ip."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    token_id: str
    owner: str
    source_ip: str = ""


class Action(BaseModel):
    """`name`: noun and past tense ("petition.edited"). `subject`: an id or slug. `details`: ids, states, numbers."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    name: str
    subject: str = ""
    details: dict[str, str] = Field(default_factory=dict)


class AuditRecord(BaseModel):
    """An audit entry, as stored and as shown. `cursor` is its sort key. `refused`: why the action was not done."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    at: Moment
    actor: Actor
    action: Action
    cursor: str = ""
    refused: str = ""


def precise(moment: datetime) -> str:
    """Format to the microsecond, because sort keys need more than the seconds that are shown."""
    return moment.isoformat(timespec="microseconds")
