"""When the scheduled functions run, and how long Lambda keeps a run that it cannot start or that failed."""

import json

from stack.template.cfn import Template, merge_parts
from stack.template.functions import function_properties

# The minutes between two runs of each task of CheckMail.
MAIL_TASKS = {"watch": 1, "sweep": 15, "digests": 15}
# The hours between two recounts, as app.py has them.
RECOUNT_HOURS = 6


def schedules() -> Template:
    """Return the schedules of CheckMail, and the settings of both scheduled functions. app.py has the other schedule.

    Lambda drops a run that waits when the next one comes. Otherwise, after a crowd that used all executions, hundreds
    of runs of CheckMail would start together. A failed run waits for the next, at most 15 minutes later.
    """
    events = {task.title(): _event(task, minutes) for task, minutes in MAIL_TASKS.items()}
    mail = {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}
    return merge_parts(
        [
            function_properties("check_mail", Events=events, EventInvokeConfig=mail),
            function_properties(
                "recount_tallies", EventInvokeConfig={"MaximumEventAgeInSeconds": RECOUNT_HOURS * 3_600}
            ),
        ]
    )


def _event(task: str, minutes: int) -> Template:
    rate = f"rate({minutes} {'minute' if minutes == 1 else 'minutes'})"
    return {"Type": "Schedule", "Properties": {"Schedule": rate, "Input": json.dumps({"task": task})}}
