"""`make ready`: is this account ready for a crowd? Exit code 0: ready, 1: not ready, 2: could not read enough."""

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
from stack.ready.account import identity_of, reads
from stack.ready.asks import asks, of_shards, of_throttle
from stack.ready.problems import problems
from stack.ready.reading import Clients, Values, read
from stack.ready.records import lookup, records
from stack.ready.report import exit_code, lines, sentence
from stack.ready.stage import AskedStack, clients, endpoint_of, stage_of
from stack.ready.verdict import Expected, Forecast, judged

_UNITS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}


def main(words: Sequence[str] | None = None) -> int:
    """Print the result, store it for staff, and return the exit code."""
    options = _options(words)
    endpoint, now = endpoint_of(options.stage), datetime.now(UTC)
    stage, ask = stage_of(stack_name(options.stage), Cloud(endpoint)), clients(endpoint)
    values = read_all(stage, ask, now, dns_too=options.dns)
    expected = Expected(options.expect, options.seconds)
    broken = (*problems(values, now), *of_shards(values, expected), *of_throttle(values, expected))
    verdict = judged(values, expected, broken)
    for line in lines(verdict, asks(values, expected, options.stage), values):
        say(line)
    _tell_staff(verdict, stage, ask, now)
    return exit_code(verdict)


def read_all(stage: AskedStack, ask: Clients, now: datetime, *, dns_too: bool) -> Values:
    found = [*stage.values(), *read(reads(stage.name, stage.outputs, stage.chosen, now), ask)]
    tokens = Values(found).get("identity.dkim_tokens", [])
    resolve = lookup(dns.resolver.Resolver()) if dns_too else None
    return Values([*found, *records(identity_of(stage.chosen), stage.chosen, tokens, resolve)])


def _tell_staff(verdict: Forecast, stage: AskedStack, ask: Clients, now: datetime) -> None:
    """Store the result for the staff health page. Ignore a refusal: a role that only reads may use this command too."""
    tables = Tables(ask("dynamodb", ""), {COUNTS: stage.outputs["CountsTableName"]})
    try:
        store_readiness(Readiness(verdict.is_ready, sentence(verdict), now.replace(microsecond=0)), tables)
    except Unavailable:
        say(dim("Not shown to staff: the result could not be stored in the counts table."))


def rate(text: str) -> float:
    """Return signatures a second: 1000/s, 60000/min."""
    found = re.fullmatch(r"([\d,.]+)(?:/(s|min|m|h))?", text)
    if not found or not (number := float(found[1].replace(",", ""))):
        raise ArgumentTypeError("use a rate such as 1000/s or 60000/min")
    return number / _UNITS[found[2] or "s"]


def seconds(text: str) -> float:
    """Return seconds: 90s, 30min, 1h, 2d."""
    found = re.fullmatch(r"([\d.]+)(s|min|m|h|d)", text)
    if not found or not (number := float(found[1])):
        raise ArgumentTypeError("use a time such as 1h or 30min")
    return number * _UNITS[found[2]]


def parser_of(prog: str, description: str | None) -> ArgumentParser:
    """Return a parser of what both `make ready` and `make warm` are told: the stage and the crowd."""
    parser = ArgumentParser(prog=prog, description=description)
    parser.add_argument("--stage", default="dev")
    parser.add_argument("--expect", type=rate, default="1000/s", help="signatures a second: 1000/s")
    parser.add_argument("--for", type=seconds, default="1h", dest="seconds", help="for how long: 1h")
    return parser


def _options(words: Sequence[str] | None) -> Namespace:
    parser = parser_of("make ready", __doc__)
    parser.add_argument("--dns", action="store_true", help="also ask the name servers for SPF, DKIM and DMARC")
    return parser.parse_args(words)


if __name__ == "__main__":
    run_main(lambda: sys.exit(main()))
