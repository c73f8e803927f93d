"""How long Lambda keeps a scheduled run that it cannot start, and how often it repeats a run that failed."""

from stack.template.cfn import Template, merge_parts
from stack.template.functions import function_properties

_MINUTE, _HOUR = 60, 3_600
# By function: the time from one scheduled run to the next. app.py has the schedules.
SECONDS_BETWEEN_RUNS = {
    "watch_mail": _MINUTE,
    "sweep_mail": 15 * _MINUTE,
    "send_letter_digests": 15 * _MINUTE,
    "recount_tallies": 6 * _HOUR,
}
# Lambda waits a minute before it repeats a run that failed. By then, the next run of these functions has begun.
_NOT_REPEATED = ("watch_mail",)


def schedules() -> Template:
    """Return the setting of each scheduled function: a run that waits is dropped when the next one comes.

    Otherwise Lambda keeps throttled runs for six hours. While a crowd uses all executions, 360 runs of WatchMail would
    wait, and start together when the crowd is gone.
    """
    return merge_parts([_setting(function) for function in SECONDS_BETWEEN_RUNS])


def _setting(function: str) -> Template:
    config = {"MaximumEventAgeInSeconds": SECONDS_BETWEEN_RUNS[function]}
    if function in _NOT_REPEATED:
        config["MaximumRetryAttempts"] = 0
    return function_properties(function, EventInvokeConfig=config)
