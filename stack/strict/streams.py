"""The emulator's poller of table streams, replaced by one that fails as Lambda's does (see `reading`)."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from random import uniform
from typing import Any

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import _request_account_id, _request_region
from ministack.services import dynamodb, lambda_svc

from stack.strict.reading import Reading, first_failure

Record = Mapping[str, Any]
# In seconds. AWS polls an empty shard every 0.25 seconds.
LONGEST_DELAY = 0.1
_was_idle = True
_readings: dict[str, Reading] = defaultdict(Reading)


def install() -> None:
    """Replace the poller."""
    lambda_svc._poll_dynamodb_streams = _poll


def _poll() -> bool:
    """Return whether any record was handled, so that the poll loop does not sleep."""
    global _was_idle
    has_handled = False
    for account, region, source in lambda_svc._iter_all_esms():
        tokens = _request_account_id.set(account), _request_region.set(region)
        try:
            has_handled = _poll_source(source) or has_handled
        finally:
            _request_account_id.reset(tokens[0])
            _request_region.reset(tokens[1])
    _was_idle = not has_handled
    return has_handled


def _poll_source(source: dict[str, Any]) -> bool:
    """Read and handle records of one source. Return whether any record was handled."""
    table = _table(source)
    function, _ = lambda_svc._get_func_record_for_qualifier(source["FunctionName"], source.get("Qualifier"))
    is_backing_off = lambda_svc._esm_backoff_until.get(source["UUID"], 0) > time.time()
    if table is None or function is None or is_backing_off or not source.get("Enabled", True):
        return False
    reading, position = _readings[source["UUID"]], _position(source, table)
    records = dynamodb.stream_records_since(table, position, reading.size(source.get("BatchSize", 100)))
    if records:
        _delay()
    handled = _handle(records, source, function) if records else 0
    if handled:
        reading.advance(handled)
        lambda_svc._dynamodb_stream_positions[source["UUID"]] = position + handled
    return handled > 0


def _delay() -> None:
    """Wait for a random time before the first records after a rest, as if the poller had not known of the write.

    On AWS, the time of a poll does not depend on a write. Here a write wakes the poller. Without this delay the poller
    would slow down the request that wrote, and the duration of the request would show what it wrote.
    """
    global _was_idle
    if _was_idle:
        time.sleep(uniform(0, LONGEST_DELAY))
    _was_idle = False


def _table(source: Mapping[str, Any]) -> str | None:
    """Return the table whose current stream this source reads; None if there is none."""
    try:
        arn = parse_arn(source.get("EventSourceArn", ""))
    except ArnParseError:
        return None
    found = lambda_svc._dynamodb_stream_table_from_arn_spec(arn) if arn.service == "dynamodb" else None
    table = dynamodb._tables.get(found[0]) if found else None
    is_current = table is not None and table.get("LatestStreamArn") == source["EventSourceArn"]
    return str(found[0]) if found and is_current else None


def _position(source: Mapping[str, Any], table: str) -> int:
    """Return the position of the next record to read. A new source starts where its StartingPosition says."""
    horizon = int(dynamodb.stream_start_position(table))
    with lambda_svc._dynamodb_stream_positions_lock:
        known = lambda_svc._dynamodb_stream_positions
        if source["UUID"] not in known:
            is_latest = source.get("StartingPosition", "LATEST") == "LATEST"
            known[source["UUID"]] = int(dynamodb.stream_end_position(table)) if is_latest else horizon
        known[source["UUID"]] = max(known[source["UUID"]], horizon)
        return int(known[source["UUID"]])


def _handle(records: Sequence[Record], source: dict[str, Any], function: Any) -> int:
    """Run the function, and return how many of the records are not delivered again."""
    batch = lambda_svc._apply_filter_criteria(records, source)
    if not batch:
        return len(records)
    result = lambda_svc._execute_function(function, {"Records": batch})
    failed_at = _failure(result, batch, source)
    _log_result(source, result, failed_at)
    if failed_at is None:
        return len(records)
    if failed_at > 0:
        return records.index(batch[failed_at])
    return _retry_or_discard(records, batch, source, function, result)


def _failure(result: Mapping[str, Any], batch: Sequence[Record], source: Mapping[str, Any]) -> int | None:
    """Return the index of the first record of the batch that failed; None if none did."""
    if result.get("error"):
        return 0
    if "ReportBatchItemFailures" not in source.get("FunctionResponseTypes", []):
        return None
    return first_failure(result.get("body"), [record["dynamodb"]["SequenceNumber"] for record in batch])


def _retry_or_discard(
    records: Sequence[Record], batch: Sequence[Record], source: dict[str, Any], function: Any, result: Mapping[str, Any]
) -> int:
    """Plan the next try and return 0, or discard the records and return their number."""
    raised = bool(result.get("error"))
    expired = _is_too_old(batch, source)
    reading = _readings[source["UUID"]]
    if not expired and reading.may_retry(len(records), len(batch), source, raised=raised):
        if reading.tries:
            lambda_svc._esm_backoff_until[source["UUID"]] = time.time() + lambda_svc._ESM_BACKOFF_SECONDS
        return 0
    condition = "RecordAgeExceeded" if expired else "RetryAttemptsExhausted"
    lambda_svc._send_ddb_stream_failure_record(source, function, batch, source["EventSourceArn"], result, condition)
    return len(records)


def _is_too_old(batch: Sequence[Record], source: Mapping[str, Any]) -> bool:
    limit = int(source.get("MaximumRecordAgeInSeconds") or -1)
    created = min(float(record["dynamodb"]["ApproximateCreationDateTime"]) for record in batch)
    return limit > 0 and time.time() - created > limit


def _log_result(source: dict[str, Any], result: Mapping[str, Any], failed_at: int | None) -> None:
    """Copy the function's log into the emulator's log, as the emulator's own poller does."""
    name = source["FunctionName"]
    source["LastProcessingResult"] = "OK" if failed_at is None else "FAILED"
    if failed_at is not None:
        lambda_svc.logger.warning("ESM: Lambda %s failed from record %d on: %s", name, failed_at, result.get("body"))
    if result.get("log"):
        lambda_svc.logger.info("ESM: Lambda %s output:\n%s", name, result["log"])
