"""Save the emulator's state within seconds of each change, so that a killed site loses little.

The emulator itself saves only when it stops, and without the streams and the emails. Here a forked process saves: it
has the memory of one moment, while the emulator goes on answering. All files are written, then all are renamed: a kill
while it writes must not leave the tables of one moment with the queues and streams of another.
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

# Seconds between two saves. After a longer save, the pause is as long as that save, so that saving uses at most half of
# one processor. A change is saved after one pause and two saves at the latest.
PAUSE = 1.0
STREAMS = "petitions_streams"
EMAILS = "inbox.jsonl"
# What changes while the site runs. All other services change when it is deployed or configured.
DATA = ("dynamodb", "sqs")
# `_everything_changed`: services that are not in DATA may have changed too.
_changed, _everything_changed = threading.Event(), threading.Event()
_save_lock = threading.Lock()


class ChangeDetector:
    """Wrap the emulator, and note each request that may have changed its state."""

    def __init__(self, emulator: App) -> None:
        self._emulator = emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._emulator(scope, receive, send)
        finally:
            if scope["type"] == "http" and not scope["path"].startswith("/_ministack"):
                _changed.set()
                if not _is_about_data(scope):
                    _everything_changed.set()


def _is_about_data(scope: Scope) -> bool:
    """Return whether it is a read, a request to the site, an email, or a call of a service that names its operation."""
    is_to_site = scope["path"].startswith(("/_aws/execute-api/", "/v2/email/outbound"))
    return is_to_site or scope["method"] == "GET" or "x-amz-target" in headers_of(scope)


def install() -> None:
    """Do nothing for an emulator that keeps no state. Call this last, because it wraps the application."""
    if not persistence.PERSIST_STATE:
        return
    load = app._load_persisted_state

    def load_all() -> None:
        _load_streams()
        load()
        _release_messages()
        threading.Thread(target=_save_changes, daemon=True).start()

    app._load_persisted_state = load_all
    app.save_all = lambda services: _save_now(everything=True)
    app.app = ChangeDetector(app.app)


def _save_changes() -> None:
    """Save after each change, for as long as the process runs."""
    while True:
        _changed.wait()
        _changed.clear()
        everything = _everything_changed.is_set()
        _everything_changed.clear()
        time.sleep(max(PAUSE, _save_now(everything=everything)))


def _save_now(*, everything: bool) -> float:
    """Save, and return how many seconds it took. After a failure, the next save includes everything."""
    with _save_lock:
        started = time.monotonic()
        emails = _emails()
        if call_forked(lambda: _write(emails, everything=everything)):
            _Saved.emails += len(emails)
        else:
            persistence.logger.error("the state was not saved")
            _everything_changed.set()
            _changed.set()
        seconds = time.monotonic() - started
        persistence.logger.info("saved in %.2f s", seconds)
        return seconds


class _Saved:
    """How many of the sent emails are in the file already."""

    emails = 0


def _write(emails: list[Any], *, everything: bool) -> None:
    """Write the state. Run this only in the forked copy, where nothing changes the emulator's data meanwhile."""
    copy.deepcopy = _uncopied  # type: ignore[assignment]
    services = app._build_persistence_save_dict()
    states = {name: services[name]() for name in (services if everything else DATA)}
    states[STREAMS] = _unread_streams()
    folder = Path(persistence.STATE_DIR)
    drafts = {}
    for name, state in states.items():
        if state is not None:
            version = persistence._state_format_version(name)
            wrapped = {"__ministack_format__": version, "payload": state}
            path = folder / f"{name}.json"
            drafts[path] = _draft(path, json.dumps(wrapped, default=persistence._json_default).encode())
    for path, draft in drafts.items():
        if draft:
            draft.replace(path)
    with (folder / EMAILS).open("a") as file:
        # The line break comes first, because a killed save may have left half a line.
        file.writelines(f"\n{json.dumps(email, default=str)}" for email in emails)


def _uncopied(value: Any, memo: Any = None) -> Any:
    """Replace `copy.deepcopy` in the forked copy: nothing changes the value there."""
    return value


def _draft(path: Path, content: bytes) -> Path | None:
    """Write the content beside the file. Return None if the file has it already."""
    if path.exists() and path.read_bytes() == content:
        return None
    draft = path.with_suffix(".tmp")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _emails() -> list[Any]:
    """Return the emails that are not in the file yet."""
    sent = [email for _, emails in ses._sent_emails.all_items() for email in emails]
    return sorted(sent, key=lambda email: float(email["Timestamp"]))[_Saved.emails :]


def _unread_streams() -> dict[str, Any]:
    """Return the records that a reader has not read yet. Positions count from the beginning of the stream."""
    records, trimmed = AccountRegionScopedDict(), AccountRegionScopedDict()
    for (account, region, table), found in dynamodb._stream_records.all_items():
        begin = dynamodb._stream_trimmed.get_scoped(account, region, table, 0)
        unread = min(_positions(table), default=begin)
        records.set_scoped(account, region, table, found[max(0, unread - begin) :])
        trimmed.set_scoped(account, region, table, max(begin, unread))
    return {"records": records, "trimmed": trimmed, "positions": lambda_svc._dynamodb_stream_positions}


def _positions(table: str) -> list[int]:
    """Return the position of each reader of the table's stream."""
    positions = lambda_svc._dynamodb_stream_positions
    return [
        positions.get_scoped(account, region, uuid, 0)
        for (account, region, uuid), source in lambda_svc._esms.all_items()
        if f":table/{table}/" in source.get("EventSourceArn", "")
    ]


def _load_streams() -> None:
    """Load the unread records and the positions, instead of those that the emulator saves, which are older."""
    lambda_svc._restore_esm_positions = lambda store, positions: None
    saved = persistence.load_state(STREAMS)
    if saved:
        dynamodb._stream_records.update(saved["records"])
        dynamodb._stream_trimmed.update(saved["trimmed"])
        lambda_svc._dynamodb_stream_positions.update(saved["positions"])


def _release_messages() -> None:
    """Make all messages visible: their receivers stopped with the emulator."""
    for _, queue in sqs._queues.all_items():
        for message in queue["messages"]:
            message["visible_at"] = min(message["visible_at"], time.time())
