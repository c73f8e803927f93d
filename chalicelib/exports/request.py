"""Ask for a hand-over: the moment is fixed here, and what the tally says of it."""

import re
from collections.abc import Iterator
from datetime import datetime
from secrets import token_hex

from chalicelib.aws.queue import Outgoing, Queue
from chalicelib.aws.table import Tables
from chalicelib.core.errors import Gone, NotNow, UnknownThing
from chalicelib.exports import store
from chalicelib.exports.encrypt import Recipient, recipient_of
from chalicelib.exports.model import SETTLING, Export, ExportRequest, Result, State
from chalicelib.petitions.model import Petition
from chalicelib.tallies.prove import COUNT, kept_sums

_id = re.compile(r"[a-z0-9-]{1,60}\.[A-Za-z0-9-]{1,60}")


def prepared(wanted: ExportRequest, petition: Petition, owner: str, now: datetime, tables: Tables) -> Export:
    """Nothing is stored yet. Raise Invalid for a recipient whose key is none."""
    recipient = recipient_of(wanted.recipient) if wanted.recipient else Recipient("", "")
    moment = now.replace(microsecond=0)
    return Export(
        export_id=f"{petition.slug}.{moment:%Y%m%dT%H%M%SZ}-{token_hex(4)}",
        slug=petition.slug,
        format=wanted.format,
        columns=wanted.columns,
        moment=moment,
        counted=kept_sums(petition, now, tables)[COUNT],
        requested_by=owner,
        recipient=recipient.shown or None,
        recipient_key=recipient.key or None,
        touched_at=moment,
    )


def start(export: Export, queue: Queue, tables: Tables) -> None:
    """Raise NotNow while another export of the petition runs.

    The message goes first: one without an export does no harm, and an export without one would block the next.
    """
    queue.send([Outgoing({"export_id": export.export_id}, int(SETTLING.total_seconds()))])
    store.add(export, tables)


def find_export(export_id: str, tables: Tables) -> Export:
    """Raise UnknownThing, also for what is no id at all: AWS refuses a key of a thousand signs."""
    export = store.find(export_id, tables) if _id.fullmatch(export_id) else None
    if export is None:
        raise UnknownThing("There is no such export.")
    return export


def exports_of(slug: str, tables: Tables) -> Iterator[Export]:
    return store.newest_first(slug, tables)


def result_of(export: Export, now: datetime) -> Result:
    """Raise NotNow before it is done, Gone once its time is over."""
    state = export.state_at(now)
    if state is State.EXPIRED:
        raise Gone("This export was deleted when its time was over. Ask for a new one.")
    if state is not State.DONE or export.result is None:
        raise NotNow(f"This export is {state}: there is nothing to fetch.")
    return export.result
