"""Helpers for tests of removals."""

from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.jobs.model import JobState
from chalicelib.removals.model import Condition, Removal, RemovalAction
from tests.jobs.storing import store_job


def store_removal(tables: Tables, **changes: Any) -> Removal:
    """Store a removal that is done, or as `changes` say."""
    done = {"job_id": "safe-children.done", "state": JobState.DONE, "action": RemovalAction.REMOVE}
    condition = {"condition": Condition(domain="mail.example"), "reason": "One network"}
    return store_job(Removal, tables, **done | condition | changes)
