"""A deployment that would refuse visitors or throttle email is refused before it begins, with what to do instead."""

import pytest

from stack.console import Failure
from stack.parameters import check, planned_values
from stack.template.merge import merge_template

TEMPLATE = merge_template()
Values = dict[str, str]
NO_SENDER = {"MailFrom": TEMPLATE["Parameters"]["MailFrom"]["Default"]}
IN_USE = {"SiteUrl": "https://a.example"}


def run_check(before: Values, values: Values, is_emulated: bool = False) -> None:
    sender = {"MailFrom": "petitions@harbour.example"}
    check(TEMPLATE, planned_values(TEMPLATE["Parameters"], before, sender | values), before, is_emulated)


def with_cdn(key: str = "v1", other_key: str = "v1") -> Values:
    """A stack behind a CDN that sends `key`. The API accepts both keys."""
    return {"EdgeDomain": "a.example", "OriginKey": key, "OriginKeyToo": other_key}


REFUSED_VALUES: list[tuple[Values, Values, str]] = [
    ({}, NO_SENDER, "MAIL_FROM is missing: petitions@example.org is only an example"),
    (IN_USE, {"EdgeDomain": "a.example"}, "in use without CloudFront"),
    (with_cdn(), {"OriginKey": "v2"}, "does not accept v2 yet"),
    # Visitors would be refused for minutes, while CloudFront's servers learn the new key.
    (with_cdn(other_key="v2"), {"OriginKey": "v2"}, 'SET="OriginKey=v2 OriginKeyToo=v1" first'),
]
ACCEPTED_VALUES: list[tuple[Values, Values]] = [
    ({}, {}),
    ({}, {"EdgeDomain": "a.example"}),
    (IN_USE, {"EdgeDomain": "a.example", "EdgeOnly": "no"}),
    # A rotation: the API accepts v2, then CloudFront sends it, then the API forgets v1.
    (with_cdn(), {"OriginKeyToo": "v2"}),
    (with_cdn(other_key="v2"), {"OriginKey": "v2", "OriginKeyToo": "v1"}),
    (with_cdn("v2"), {"OriginKeyToo": "v2"}),
]


@pytest.mark.parametrize(("before", "values", "message"), REFUSED_VALUES)
def test_a_mistake_is_refused_before_the_deployment(before: Values, values: Values, message: str) -> None:
    with pytest.raises(Failure, match=message):
        run_check(before, values)


@pytest.mark.parametrize(("before", "values"), ACCEPTED_VALUES)
def test_valid_values_are_accepted(before: Values, values: Values) -> None:
    run_check(before, values)


def test_an_emulator_needs_no_sender() -> None:
    run_check({}, NO_SENDER, is_emulated=True)
