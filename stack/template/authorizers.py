"""The alarm on the authorizers. They refuse a token with an error, which Lambda counts as a failure of the function."""

from chalicelib.core.metrics import Metric
from stack.template.alarms import alarm_on_math, code_measure
from stack.template.cfn import Template
from stack.template.functions import AUTHORIZERS, function_measure


def authorizers() -> Template:
    """Return the alarm on errors that are not refused tokens: Lambda's errors minus the refusals that our code counts.

    For one refused token, Lambda may count the error in one period, and our code the refusal in another. So the result
    may be above zero without a failure, and the alarm starts only if it is three or more in two periods.
    """
    errors = {function: function_measure("Errors", function) for function in AUTHORIZERS}
    sum_of_errors = " + ".join(f"FILL({function}, 0)" for function in errors)
    failing = alarm_on_math(
        "The authorizers fail: staff or partners get errors.",
        f"{sum_of_errors} - FILL(refused, 0)",
        {**errors, "refused": code_measure(Metric.TOKEN_REFUSED)},
        result="failures",
        period=300,
        Threshold=3,
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
    )
    return {"Resources": {"AuthorizersAlarm": failing}}
