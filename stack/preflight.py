"""Check the parameters before a deployment for mistakes that AWS would not refuse, or only in the middle of it.

What AWS refuses with a clear text is not checked here: CloudFormation then restores what it has changed.
"""

from collections.abc import Mapping
from typing import Any

from stack.console import Failure

Values = Mapping[str, str]


def check(template: dict[str, Any], planned: Values, previous: Values, is_emulated: bool) -> None:
    """Raise Failure for a mistake. Its text says what to do instead.

    `planned`: the value that each parameter will have. `previous`: the values of the existing stack, if there is one.
    """
    example = template["Parameters"]["MailFrom"]["Default"]
    if planned["MailFrom"] == example and not is_emulated:
        raise Failure(f"MAIL_FROM is missing: {example} is only an example. Give an address that SES has verified")
    _check_reservations(template, planned)
    _check_edge(planned, previous)


def planned_values(declared: Mapping[str, Any], previous: Values, values: Values) -> dict[str, str]:
    """Return the value that each parameter will have: the chosen one, the previous one or the template's default."""
    defaults = {name: str(parameter.get("Default", "")) for name, parameter in declared.items()}
    return {**defaults, **previous, **values}


def _check_edge(planned: Values, previous: Values) -> None:
    """Check that the API accepts visitors while the domain moves to CloudFront, and while CloudFront's key changes.

    CloudFront sends the key that OriginKey names. The API accepts this key and the one that OriginKeyToo names. With
    EdgeOnly=yes, the API refuses a request without such a key. With EdgeOnly=no, the API answers it, but takes
    CloudFront for the visitor (chalicelib/edge/http.py). So check the keys in both cases.
    """
    if not previous or not planned["EdgeDomain"]:
        return  # There are no visitors yet, or the API accepts all of them.
    key, previous_key = planned["OriginKey"], previous.get("OriginKey")
    if not previous.get("EdgeDomain"):
        if planned["EdgeOnly"] == "yes":
            raise Failure(
                'this site is in use without CloudFront: deploy with SET="EdgeOnly=no" first, then point the domain to'
                ' CloudFront, then deploy with SET="EdgeOnly=yes"'
            )
        return
    # CloudFront and the API change at different times. So the unchanged API may get the new key, and the changed API
    # the previous key.
    if key not in (previous_key, previous.get("OriginKeyToo")):
        raise Failure(f'the API does not accept {key} yet: deploy with SET="OriginKeyToo={key}" first')
    if previous_key not in (key, planned["OriginKeyToo"]):
        raise Failure(
            f"CloudFront sends {previous_key} until the change has spread, and the API would not accept it: deploy"
            f' with SET="OriginKey={key} OriginKeyToo={previous_key}" first'
        )


def _check_reservations(template: dict[str, Any], planned: Values) -> None:
    """Check that a reserved worker has the executions that its event source starts: Lambda would throttle the rest."""
    source = template["Resources"]["StoreOverflow"]["Properties"]["Events"]["StoreOverflowSqsEventSource"]
    workers = source["Properties"]["ScalingConfig"]["MaximumConcurrency"]
    for name, least in (("ReservedSenders", int(planned["MailSenders"])), ("ReservedOverflow", workers)):
        if planned[name].isdecimal() and 0 < int(planned[name]) < least:
            raise Failure(f"{name} must be 0 or at least {least}, the number that its event source starts")
