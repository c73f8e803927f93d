"""Save the emulator's state to files within seconds of each change, so that a killed emulator loses little.

The emulator itself saves its state only when it stops. It saves neither the tables' streams nor the emails. Here a fork
of the emulator's process saves the state. The fork's memory stays as it was at one moment, while the emulator goes on
answering. First the fork writes a draft of each file. Then the fork renames all drafts. So if the fork is killed while
it writes drafts, the files of tables, queues and streams are all still of the same earlier moment.
"""

import copy
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import persistence
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import dynamodb, lambda_svc, ses, sqs

from stack.strict.forked import call_forked
from stack.strict.http import App, Receive, Scope, Send, headers_of

# Seconds from the end of a save to the start of the next. After a save that took longer, the pause is as long as that
# save, so that saving uses at most half of a processor. A change is saved after one pause and two saves at the latest.
MIN_PAUSE = 1.0
STREAMS_STATE = "petitions_streams"
EMAILS_FILE_NAME = "inbox.jsonl"
# The services whose state changes while the site runs. The others change when the site is deployed or configured.
DATA_SERVICES = ("dynamodb", "sqs")
# `_changed`: any service may have changed. `_everything_changed`: one that is not in DATA_SERVICES may have changed.
_changed, _everything_changed = threading.Event(), threading.Event()
_save_lock = threading.Lock()


class ChangeDetector:
    """Wraps the emulator. Notes that a request may have changed the state, unless it controls the emulator itself."""

    def __init__(self, emulator: App) -> None:
        self._emulator = emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._emulator(scope, receive, send)
        finally:
            if scope["type"] == "http" and not scope["path"].startswith("/_ministack"):
                if not _changes_data_only(scope):
                    _everything_changed.set()
                _changed.set()  # Last, because it starts a save.


def _changes_data_only(scope: Scope) -> bool:
    """Return whether it is enough to save only DATA_SERVICES (DynamoDB and SQS) after this request.

    It is enough after a GET, a request to the site, and a call of these two services. It is also enough after the
    sending of an email, because every save includes the new emails.
    """
    is_site_or_email = scope["path"].startswith(("/_aws/execute-api/", "/v2/email/outbound"))
    is_data_call = headers_of(scope).get("x-amz-target", "").startswith(("DynamoDB_", "AmazonSQS."))
    return is_site_or_email or is_data_call or scope["method"] == "GET"


def install() -> None:
    """Load the saved state when the emulator starts, and save from then on. Do nothing if the emulator keeps no state.

    Call this after everything else has wrapped `app.app`, so that the ChangeDetector gets every request.
    """
    if not persistence.PERSIST_STATE:
        return
    load = app._load_persisted_state
    lambda_svc._restore_esm_positions = lambda store, positions: None  # `_load_streams` loads newer positions.

    def load_everything() -> None:
        _load_streams()
        load()
        _make_messages_visible()
        threading.Thread(target=_save_changes, daemon=True).start()

    app._load_persisted_state = load_everything
    app.save_all = lambda services: _save_now(everything=True)  # The emulator calls `save_all` when it stops.
    app.app = ChangeDetector(app.app)


def _save_changes() -> None:
    """Save after each change, also after one during a save. Run this in a thread; it never returns."""
    while True:
        _changed.wait()
        _changed.clear()
        everything = _everything_changed.is_set()
        _everything_changed.clear()
        seconds = _save_now(everything=everything)
        time.sleep(max(MIN_PAUSE, seconds))  # After a long save, pause as long as the save took.


def _save_now(*, everything: bool) -> float:
    """Save all services or only DATA_SERVICES. Return the duration in seconds. After a failure, ask for a full save."""
    with _save_lock:
        started = time.monotonic()
        emails = _unsaved_emails()
        if call_forked(lambda: _write(emails, everything=everything)):
            _Saved.email_count += len(emails)
        else:
            persistence.logger.error("the state was not saved")
            _everything_changed.set()
            _changed.set()
        seconds = time.monotonic() - started
        persistence.logger.info("saved in %.2f s", seconds)
        return seconds


class _Saved:
    """`email_count`: how many of the sent emails are in EMAILS_FILE_NAME already."""

    email_count = 0


def _write(emails: list[Any], *, everything: bool) -> None:
    """Write the state to the files. Run this only in a fork: nothing else changes its memory, so no copy is needed."""
    # The functions in `services` copy the state with `deepcopy`. The emulator's own process keeps the real `deepcopy`.
    copy.deepcopy = lambda value, memo=None: value  # type: ignore[assignment, misc]
    services = app._build_persistence_save_dict()
    saved_services = services if everything else DATA_SERVICES
    states = {name: services[name]() for name in saved_services}
    states[STREAMS_STATE] = _unread_streams()
    folder = Path(persistence.STATE_DIR)
    drafts = {}
    for name, state in states.items():
        if state is not None:
            wrapped = {"__ministack_format__": persistence._state_format_version(name), "payload": state}
            path = folder / f"{name}.json"
            content = json.dumps(wrapped, default=persistence._json_default)
            drafts[path] = _write_draft(path, content.encode())
    for path, draft in drafts.items():
        if draft:  # None: the file has this content already.
            draft.replace(path)
    with (folder / EMAILS_FILE_NAME).open("a") as file:
        # The line break comes first: perhaps a killed save left half a line.
        file.writelines(f"\n{json.dumps(email, default=str)}" for email in emails)


def _write_draft(path: Path, content: bytes) -> Path | None:
    """Write the content to a draft beside the file. Return the draft; None if the file has this content already."""
    if path.exists() and path.read_bytes() == content:
        return None
    draft = path.with_suffix(".tmp")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _unsaved_emails() -> list[Any]:
    """Return the emails that were sent since the last save, oldest first."""
    sent: list[Any] = []
    for _, emails in ses._sent_emails.all_items():
        sent.extend(emails)
    sent.sort(key=lambda email: float(email["Timestamp"]))
    return sent[_Saved.email_count :]


def _unread_streams() -> dict[str, Any]:
    """Return the unread records of each table's stream, how many records came before them, and all readers' positions.

    Unread: at least one reader has not read the record. A position is the number of records that a reader has read.
    """
    records, trimmed = AccountRegionScopedDict(), AccountRegionScopedDict()
    for (account, region, table), found in dynamodb._stream_records.all_items():
        found_start = dynamodb._stream_trimmed.get_scoped(account, region, table, 0)  # The position of found[0].
        lowest_position = min(_reader_positions(table), default=found_start)  # No readers: keep all records.
        unread_start = max(found_start, lowest_position)
        records.set_scoped(account, region, table, found[unread_start - found_start :])
        trimmed.set_scoped(account, region, table, unread_start)
    return {"records": records, "trimmed": trimmed, "positions": lambda_svc._dynamodb_stream_positions}


def _reader_positions(table: str) -> list[int]:
    """Return the positions of all event sources that read the table's stream."""
    positions = []
    for (account, region, uuid), source in lambda_svc._esms.all_items():
        if f":table/{table}/" in source.get("EventSourceArn", ""):
            positions.append(lambda_svc._dynamodb_stream_positions.get_scoped(account, region, uuid, 0))
    return positions


def _load_streams() -> None:
    """Load the records and positions that `_write` saved."""
    saved = persistence.load_state(STREAMS_STATE)
    if saved:
        dynamodb._stream_records.update(saved["records"])
        dynamodb._stream_trimmed.update(saved["trimmed"])
        lambda_svc._dynamodb_stream_positions.update(saved["positions"])


def _make_messages_visible() -> None:
    """Make received messages visible: the functions that received them stopped with the emulator. End delays too."""
    for _, queue in sqs._queues.all_items():
        for message in queue["messages"]:
            message["visible_at"] = min(message["visible_at"], time.time())  # Also the end of a delay.
