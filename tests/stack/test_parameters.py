"""The operator's options become parameters, and outputs settings. Mistakes are refused before any AWS call.

So is a deployment that would refuse visitors or throttle email, with what to do instead.
"""

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from stack.console import Failure
from stack.parameters import check, parameters, planned_values
from stack.template.cfn import merge_parts
from stack.template.merge import merge_template, settings_in


def parameters_for(*settings: str, before: Mapping[str, str] = MappingProxyType({}), **given: str) -> dict[str, str]:
    """`given`: environment variables, in lower case."""
    environment = {name.upper(): value for name, value in given.items()}
    return parameters(environment, settings, before)


def test_options_that_are_not_given_keep_the_stacks_values() -> None:
    assert parameters_for() == {}
    assert parameters_for(oidc_issuer="https://id.example.org", path="/bin") == {"OidcIssuer": "https://id.example.org"}
    assert parameters_for(site_url="https://sign.example.org/") == {"SiteUrl": "https://sign.example.org"}


def test_the_site_url_is_the_cdns_domain_unless_another_is_given() -> None:
    both = {"EdgeDomain": "sign.example.org", "SiteUrl": "https://sign.example.org"}
    assert parameters_for(edge_domain="sign.example.org") == parameters_for("EdgeDomain=sign.example.org") == both
    assert parameters_for("EdgeDomain=") == {"EdgeDomain": ""}
    given = parameters_for(edge_domain="sign.example.org", site_url="https://a.example")
    assert given["SiteUrl"] == "https://a.example"


API, DOMAIN = "https://api.example/site", "sign.example.org"
WITHOUT_CDN = {"SiteUrl": API, "EdgeDomain": "", "EdgeOnly": "yes", "MailSenders": "3"}
WAITING_FOR_DNS = {**WITHOUT_CDN, "EdgeDomain": DOMAIN, "EdgeOnly": "no"}


def test_the_site_url_stays_while_the_api_answers_without_the_cdn() -> None:
    """The domain may have no DNS record yet, and links in emails would lead nowhere."""
    first_step = {"EdgeDomain": DOMAIN, "EdgeOnly": "no"}
    assert parameters_for("EdgeOnly=no", edge_domain=DOMAIN, before=WITHOUT_CDN) == first_step
    assert parameters_for("EdgeOnly=no", edge_domain=DOMAIN) == first_step
    assert parameters_for(edge_domain=DOMAIN, before=WAITING_FOR_DNS) == {"EdgeDomain": DOMAIN}
    assert parameters_for(before=WAITING_FOR_DNS) == {}
    given = parameters_for("EdgeOnly=no", edge_domain=DOMAIN, before=WITHOUT_CDN, site_url="https://a.example")
    assert given["SiteUrl"] == "https://a.example"


def test_another_domain_replaces_a_site_url_that_cloudfront_then_refuses() -> None:
    at_first_domain = {**WAITING_FOR_DNS, "SiteUrl": f"https://{DOMAIN}"}
    second = {"EdgeDomain": "sign2.example.org", "SiteUrl": "https://sign2.example.org"}
    assert parameters_for(edge_domain="sign2.example.org", before=at_first_domain) == second


def test_the_site_url_becomes_the_cdns_domain_when_the_api_begins_to_refuse_others() -> None:
    last_step = {"EdgeOnly": "yes", "SiteUrl": f"https://{DOMAIN}"}
    assert parameters_for("EdgeOnly=yes", before=WAITING_FOR_DNS) == last_step
    given = parameters_for("EdgeOnly=yes", before=WAITING_FOR_DNS, site_url="https://a.example")
    assert given["SiteUrl"] == "https://a.example"
    # Later deployments keep the address, also one that the operator gave.
    assert parameters_for("EdgeOnly=yes", before={**WAITING_FOR_DNS, "EdgeOnly": "yes"}) == {"EdgeOnly": "yes"}
    assert parameters_for("EdgeOnly=yes", before={**WITHOUT_CDN, "EdgeOnly": "no"}) == {"EdgeOnly": "yes"}


@pytest.mark.parametrize("edge_only", ["yes", "no"])
def test_the_same_domain_once_more_does_not_replace_a_site_url_of_the_operator(edge_only: str) -> None:
    before = {"SiteUrl": "https://a.example", "EdgeDomain": DOMAIN, "EdgeOnly": edge_only}
    assert parameters_for(edge_domain=DOMAIN, before=before) == {"EdgeDomain": DOMAIN}


def test_the_rate_sets_the_number_of_senders() -> None:
    assert parameters_for(mail_per_second="300") == {"MailPerSecond": "300", "MailSenders": "75"}
    assert parameters_for("MailPerSecond=14") == {"MailPerSecond": "14", "MailSenders": "4"}


def test_a_given_number_of_senders_is_kept() -> None:
    assert parameters_for("MailSenders=9", mail_per_second="300")["MailSenders"] == "9"
    assert parameters_for("MailSenders=9") == {"MailSenders": "9"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["MailFrom"], "Name=Value, not MailFrom"),
        *(
            ([f"MailPerSecond={rate}"], f"MAIL_PER_SECOND must be a number, not {rate}")
            for rate in ("many", "inf", "nan")
        ),
    ],
)
def test_a_mistake_is_a_one_line_error(settings: list[str], message: str) -> None:
    with pytest.raises(Failure, match=message):
        parameters_for(*settings)


def test_two_parts_cannot_state_the_same_value() -> None:
    with pytest.raises(ValueError, match=r"Resources\.A\.Timeout is stated twice"):
        merge_parts([{"Resources": {"A": {"Timeout": 3}}}, {"Resources": {"A": {"Timeout": 3}}}])


def test_settings_of_tables_and_queues_come_from_the_outputs() -> None:
    outputs = {name: f"the {name}" for name in merge_template()["Outputs"]}
    settings = settings_in(outputs)
    assert settings["AUDIT_TABLE"] == "the AuditTableName"
    assert settings["OTHER_MAIL_QUEUE_URL"] == "the OtherMailQueueUrl"
    assert settings["EXPORTS_BUCKET"] == "the ExportsBucketName"
    assert "STAGE" not in settings


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
