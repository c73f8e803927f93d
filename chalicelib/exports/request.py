"""Request an export. This fixes its moment and reads the tally at that moment."""

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


def prepared(request: ExportRequest, petition: Petition, owner: str, now: datetime, tables: Tables) -> Export:
    """Return a new export, not stored yet. Raise Invalid if the recipient's key is invalid."""
    recipient = recipient_of(request.recipient) if request.recipient else Recipient("", "")
    moment = now.replace(microsecond=0)
    return Export(
        export_id=f"{petition.slug}.{moment:%Y%m%dT%H%M%SZ}-{token_hex(4)}",
        slug=petition.slug,
        format=request.format,
        columns=request.columns,
        moment=moment,
        counted=kept_sums(petition, now, tables)[COUNT],
        requested_by=owner,
        recipient=recipient.shown or None,
        recipient_key=recipient.key or None,
        touched_at=moment,
    )


def start(export: Export, queue: Queue, tables: Tables) -> None:
    """Queue and store the export. Raise NotNow while another export of the petition runs.

    Send the message first: the worker drops a message without an export, but an export without a message would
    block the next one.
    """
    queue.send([Outgoing({"export_id": export.export_id}, int(SETTLING.total_seconds()))])
    store.add(export, tables)


def find_export(export_id: str, tables: Tables) -> Export:
    """Raise UnknownThing, also for malformed ids. These are not looked up, because AWS refuses very long keys."""
    export = store.find(export_id, tables) if _id.fullmatch(export_id) else None
    if export is None:
        raise UnknownThing("There is no such export.")
    return export


def exports_of(slug: str, tables: Tables) -> Iterator[Export]:
    return store.newest_first(slug, tables)


def result_of(export: Export, now: datetime) -> Result:
    """Raise NotNow before the export is done, Gone after it has expired."""
    state = export.state_at(now)
    if state is State.EXPIRED:
        raise Gone("This export has expired and its file was deleted. Request a new one.")
    if state is not State.DONE or export.result is None:
        raise NotNow(f"This export is {state}: there is no file to download.")
    return export.result
