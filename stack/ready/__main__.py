"""Is this AWS account ready for a crowd that signs? Exit code 0: ready, 1: not ready, 2: not sure.

"Not sure" means that the account seems ready, but a limit of the account could not be read. `make ready` ends with 2 in
both cases, as make does after every failed command; `manage.py ready` ends with these codes.
"""

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from datetime import UTC, datetime

import dns.resolver

from chalicelib.aws.table import Tables
from chalicelib.core.errors import Unavailable
from chalicelib.core.keys import COUNTS
from chalicelib.health.readiness import Readiness, store_readiness
from stack.aws import Cloud
from stack.console import dim, run_main, say
from stack.deploy import stack_name
from stack.ready.account import account_calls, identity_of
from stack.ready.defects import find_defects
from stack.ready.forecast import Expected, Forecast, make_forecast
from stack.ready.increases import increases, shard_defects, throttle_defects
from stack.ready.reading import DEFAULT_REGION, Clients, Values, read_values
from stack.ready.records import records, resolver_lookup
from stack.ready.report import exit_code, report_lines, staff_sentence
from stack.ready.stage import StackDescription, clients, describe_stack, endpoint_of

_SECONDS_BY_UNIT = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report, store its result for staff, and return the exit code."""
    options = _options(arguments)
    endpoint = endpoint_of(options.stage)
    now = datetime.now(UTC)
    stack = describe_stack(stack_name(options.stage), Cloud(endpoint))
    client_for = clients(endpoint)
    values = read_all(stack, client_for, now, with_dns=options.dns)
    expected = Expected(rate=options.expect, seconds=options.seconds)
    defects = (*find_defects(values, now), *shard_defects(values, expected), *throttle_defects(values, expected))
    forecast = make_forecast(values, expected, defects)
    limits_to_raise = increases(values, expected, options.stage)
    for line in report_lines(forecast, limits_to_raise, values):
        say(line)
    _store_for_staff(forecast, stack, client_for, now)
    return exit_code(forecast)


def read_all(stack: StackDescription, client_for: Clients, now: datetime, *, with_dns: bool) -> Values:
    """Read the values of the account and the stack. `with_dns`: also query the DNS records of the sender's domain."""
    calls = account_calls(stack.name, stack.outputs, stack.parameters, now)
    read = [*stack.model_values(), *read_values(calls, client_for)]
    values = Values(read)
    tokens = values.get("identity.dkim_tokens")
    # If another stack has set SES's identity up, this stack's parameter is empty.
    mail_from = stack.parameters.get("MailFromDomain") or values.get("identity.mail_from_domain")
    lookup = resolver_lookup(dns.resolver.Resolver()) if with_dns else None
    return Values([*read, *records(identity_of(stack.parameters), mail_from, tokens, lookup)])


def _store_for_staff(forecast: Forecast, stack: StackDescription, client_for: Clients, now: datetime) -> None:
    """Store the result for the staff health page.

    If this fails, print a note and raise no exception: perhaps the operator's role allows only reading.
    """
    tables = Tables(client_for("dynamodb", DEFAULT_REGION), {COUNTS: stack.outputs["CountsTableName"]})
    readiness = Readiness(forecast.is_ready, staff_sentence(forecast), now.replace(microsecond=0))
    try:
        store_readiness(readiness, tables)
    except Unavailable:
        say(dim("Not shown to staff: the result could not be stored in the counts table."))


def rate(text: str) -> float:
    """Return the signatures a second that a text such as 1000/s or 60000/min means. Without a unit, /s is meant."""
    number, unit = _number_and_unit(text, r"([\d,.]+)(?:/(s|min|m|h))?", "use a rate such as 1000/s or 60000/min")
    return number / _SECONDS_BY_UNIT[unit or "s"]


def seconds(text: str) -> float:
    """Return the seconds that a text such as 90s, 30min, 1h or 2d means."""
    number, unit = _number_and_unit(text, r"([\d.]+)(s|min|m|h|d)", "use a time such as 1h or 30min")
    return number * _SECONDS_BY_UNIT[unit]


def _number_and_unit(text: str, pattern: str, hint: str) -> tuple[float, str]:
    """Return the number and the unit (or "") in the text. `pattern`: a regular expression with a group for each.

    Raise ArgumentTypeError with the hint if the text does not match, or if the number is 0.
    """
    found = re.fullmatch(pattern, text)
    if not found:
        raise ArgumentTypeError(hint)
    number = float(found[1].replace(",", ""))
    if number == 0:
        raise ArgumentTypeError(hint)
    return number, found[2] or ""


def crowd_parser(prog: str, description: str | None) -> ArgumentParser:
    """Return a parser with the options that `make ready` and `make warm` share: the stage and the crowd."""
    parser = ArgumentParser(prog=prog, description=description)
    parser.add_argument("--stage", default="dev")
    parser.add_argument("--expect", type=rate, default="1000/s", help="signatures a second: 1000/s")
    parser.add_argument("--for", type=seconds, default="1h", dest="seconds", help="for how long: 1h")
    return parser


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = crowd_parser("make ready", __doc__)
    parser.add_argument("--dns", action="store_true", help="also ask the name servers for SPF, DKIM and DMARC")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    run_main(lambda: sys.exit(main()))
