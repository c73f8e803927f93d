"""Poll the tables' streams and run the functions that read them, in place of the emulator's own poller.

After a failure, this poller does what Lambda's poller does (see `reading`). A source is an event source mapping
(ESM): it says which function reads which stream, and how.
"""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import _request_account_id, _request_region
from ministack.services import dynamodb, lambda_svc

from stack.local.reading import Reading, first_failure

Record = Mapping[str, Any]
# "Process DynamoDB records with Lambda": Lambda polls four times a second.
POLL_SECONDS = 0.25
# By the UUID of the source.
_readings: dict[str, Reading] = defaultdict(Reading)


def install() -> None:
    """Poll each source in a thread of its own, separate from the polling of queues, as on AWS.

    The emulator's own poller has one thread for all polls, which waits for each function. Each write to a table wakes
    this thread. Its work then slows down the request that wrote. So the duration of a request that signs a petition
    would reveal whether the request stored something. `benchmarks.probing` measures how much the duration reveals.
    """
    lambda_svc._poll_dynamodb_streams = lambda: False  # False: it has handled no records.
    threading.Thread(target=_poll_forever, daemon=True, name="streams").start()


def _poll_forever() -> None:
    """Start a thread for each source that has no running thread, again and again."""
    running: dict[str, threading.Thread] = {}
    while True:
        time.sleep(POLL_SECONDS)
        for account, region, source in lambda_svc._iter_all_esms():
            uuid = source["UUID"]
            is_running = uuid in running and running[uuid].is_alive()
            if ":dynamodb:" in source.get("EventSourceArn", "") and not is_running:
                running[uuid] = threading.Thread(target=_poll, args=(account, region, source), daemon=True)
                running[uuid].start()


def _poll(account: str, region: str, source: dict[str, Any]) -> None:
    """Handle the records of a source, batch by batch, until no more can be handled now."""
    # The emulator's functions, which are called below, read these two context variables.
    _request_account_id.set(account)
    _request_region.set(region)
    try:
        while _handle_next_batch(source):
            pass
    except Exception:
        lambda_svc.logger.exception("stream of %s", source["FunctionName"])


def _handle_next_batch(source: dict[str, Any]) -> bool:
    """Read and handle a batch, or a piece of a failed batch. Return whether to go on at once with the next one."""
    uuid = source["UUID"]
    table = _table(source)
    function, _ = lambda_svc._get_func_record_for_qualifier(source["FunctionName"], source.get("Qualifier"))
    if table is None or function is None:
        return False
    is_backing_off = lambda_svc._esm_backoff_until.get(uuid, 0) > time.time()
    if is_backing_off or not source.get("Enabled", True):
        return False
    reading = _readings[uuid]
    position = _corrected_position(source, table)
    batch_size = source.get("BatchSize", 100)
    records = dynamodb.stream_records_since(table, position, reading.size(batch_size))
    if not records:
        return False
    window = source.get("MaximumBatchingWindowInSeconds") or 0
    # A piece of a failed batch also has fewer records, but for a piece, `must_gather` returns False.
    if len(records) < batch_size and reading.must_gather(window, time.monotonic()):
        return False
    number_done = _run_function(records, source, function)
    if number_done:
        reading.advance(number_done)
        lambda_svc._dynamodb_stream_positions[uuid] = position + number_done
    # Return True if pieces of a failed batch are left, or if the batch was full, because the stream may have more
    # records then. If there is a wait before the next try, `is_backing_off` ends the next call.
    return bool(reading.pieces) or len(records) == batch_size


def _table(source: Mapping[str, Any]) -> str | None:
    """Return the name of the table whose stream the source reads; None if no table has this stream now."""
    try:
        arn = parse_arn(source.get("EventSourceArn", ""))
    except ArnParseError:
        return None
    found = lambda_svc._dynamodb_stream_table_from_arn_spec(arn) if arn.service == "dynamodb" else None
    if not found:
        return None
    name = str(found[0])  # found[1] is the label of the stream.
    table = dynamodb._tables.get(name)
    is_current = table is not None and table.get("LatestStreamArn") == source["EventSourceArn"]
    return name if is_current else None


def _corrected_position(source: Mapping[str, Any], table: str) -> int:
    """Return the position of the next record to read: the number of records before it since the stream began.

    Store the position of a new source, which starts where its StartingPosition says. Skip records that the stream no
    longer has.
    """
    uuid = source["UUID"]
    oldest = int(dynamodb.stream_start_position(table))
    with lambda_svc._dynamodb_stream_positions_lock:
        positions = lambda_svc._dynamodb_stream_positions
        if uuid not in positions:
            is_latest = source.get("StartingPosition", "LATEST") == "LATEST"
            positions[uuid] = int(dynamodb.stream_end_position(table)) if is_latest else oldest
        positions[uuid] = max(positions[uuid], oldest)
        return int(positions[uuid])


def _run_function(records: Sequence[Record], source: dict[str, Any], function: Any) -> int:
    """Run the function with those records that the source's filter lets through.

    Return how many of the records, from the first one, are done: handled, filtered out, or discarded.
    """
    batch = lambda_svc._apply_filter_criteria(records, source)
    if not batch:
        return len(records)
    result = lambda_svc._execute_function(function, {"Records": batch})
    failed_at = _first_failed_index(result, batch, source)
    _record_result(source, result, failed_at)
    if failed_at is None:
        return len(records)
    if failed_at > 0:  # The records before it are done. So do not count this as a failed try.
        return records.index(batch[failed_at])
    return _retry_or_discard(records, batch, source, function, result)


def _first_failed_index(result: Mapping[str, Any], batch: Sequence[Record], source: Mapping[str, Any]) -> int | None:
    """Return the index in the batch of the first record that failed; None if no record failed."""
    if result.get("error"):
        return 0
    sequences = [record["dynamodb"]["SequenceNumber"] for record in batch]
    answer = result.get("body")
    return first_failure(json.loads(answer) if answer and isinstance(answer, str) else answer, sequences, source)


def _retry_or_discard(
    records: Sequence[Record], batch: Sequence[Record], source: dict[str, Any], function: Any, result: Mapping[str, Any]
) -> int:
    """Plan the next try and return 0; or discard the records and return their number.

    `batch`: those of the records that the source's filter let through. Records are discarded when their retries are
    used up or they are too old. The source's destination for failures then gets a message about them.
    """
    raised = bool(result.get("error"))
    expired = _is_too_old(batch, source)
    reading = _readings[source["UUID"]]
    is_retry_planned = not expired and reading.plan_retry(len(records), len(batch), source, raised=raised)
    if is_retry_planned:
        # Wait if a try was counted. A split is not counted: if nothing else happened, try the first piece at once.
        if reading.tries > 0:
            lambda_svc._esm_backoff_until[source["UUID"]] = time.time() + lambda_svc._ESM_BACKOFF_SECONDS
        return 0
    condition = "RecordAgeExceeded" if expired else "RetryAttemptsExhausted"
    lambda_svc._send_ddb_stream_failure_record(source, function, batch, source["EventSourceArn"], result, condition)
    return len(records)


def _is_too_old(batch: Sequence[Record], source: Mapping[str, Any]) -> bool:
    """Return whether the oldest record of the batch is older than the source's MaximumRecordAgeInSeconds."""
    max_seconds = int(source.get("MaximumRecordAgeInSeconds") or -1)  # -1: no limit
    creation_times = [float(record["dynamodb"]["ApproximateCreationDateTime"]) for record in batch]
    age = time.time() - min(creation_times)
    return 0 < max_seconds < age


def _record_result(source: dict[str, Any], result: Mapping[str, Any], failed_at: int | None) -> None:
    """Log a failure and the function's output in the emulator's log, and set the result that the source shows.

    The emulator's own poller does nearly the same.
    """
    name = source["FunctionName"]
    source["LastProcessingResult"] = "OK" if failed_at is None else "FAILED"
    if failed_at is not None:
        lambda_svc.logger.warning("ESM: Lambda %s failed from record %d on: %s", name, failed_at, result.get("body"))
    if result.get("log"):
        lambda_svc.logger.info("ESM: Lambda %s output:\n%s", name, result["log"])
