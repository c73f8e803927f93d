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

Values = dict[str, str]


def parameters_for(*settings: str, before: Mapping[str, str] = MappingProxyType({}), **given: str) -> dict[str, str]:
    """`given`: environment variables, in lower case."""
    environment = {name.upper(): value for name, value in given.items()}
    return parameters(environment, settings, before)


def test_options_that_are_not_given_keep_the_stacks_values() -> None:
    assert parameters_for() == {}
    assert parameters_for(oidc_issuer="https://id.example.org", path="/bin") == {"OidcIssuer": "https://id.example.org"}
    assert parameters_for(edge_domain=DOMAIN) == parameters_for(f"EdgeDomain={DOMAIN}")
    assert parameters_for(site_url="https://sign.example.org/") == {"SiteUrl": "https://sign.example.org"}


API, OWN, DOMAIN = "https://api.example/site", "https://a.example", "sign.example.org"
WITHOUT_CDN = {"SiteUrl": API, "EdgeDomain": "", "EdgeOnly": "yes", "MailSenders": "3"}
BEFORE_DNS = {"EdgeDomain": DOMAIN, "EdgeOnly": "no"}
WAITING_FOR_DNS = {**WITHOUT_CDN, **BEFORE_DNS}
# The stack's values, what the operator sets, and the SiteUrl that the stack then gets; "" if it keeps its own.
SITE_URLS: list[tuple[Values, Values, str]] = [
    # The CDN's domain, unless another URL is given.
    ({}, {"EdgeDomain": DOMAIN}, f"https://{DOMAIN}"),
    ({}, {"EdgeDomain": ""}, ""),
    ({}, {"EdgeDomain": DOMAIN, "SiteUrl": OWN}, OWN),
    # It stays while the API answers without the CDN: links in emails would lead nowhere without a DNS record.
    *((before, BEFORE_DNS, "") for before in (WITHOUT_CDN, {})),
    *((WAITING_FOR_DNS, chosen, "") for chosen in ({"EdgeDomain": DOMAIN}, {})),
    (WITHOUT_CDN, {**BEFORE_DNS, "SiteUrl": OWN}, OWN),
    # Another domain replaces a URL that CloudFront then refuses.
    ({**WAITING_FOR_DNS, "SiteUrl": f"https://{DOMAIN}"}, {"EdgeDomain": "b.example"}, "https://b.example"),
    # It changes when the API begins to refuse others. Later deployments keep it, also one that the operator gave.
    (WAITING_FOR_DNS, {"EdgeOnly": "yes"}, f"https://{DOMAIN}"),
    (WAITING_FOR_DNS, {"EdgeOnly": "yes", "SiteUrl": OWN}, OWN),
    ({**WAITING_FOR_DNS, "EdgeOnly": "yes"}, {"EdgeOnly": "yes"}, ""),
    ({**WITHOUT_CDN, "EdgeOnly": "no"}, {"EdgeOnly": "yes"}, ""),
    # The same domain once more replaces nothing.
    *(({**BEFORE_DNS, "SiteUrl": OWN, "EdgeOnly": only}, {"EdgeDomain": DOMAIN}, "") for only in ("yes", "no")),
]


@pytest.mark.parametrize(("before", "chosen", "site_url"), SITE_URLS)
def test_the_site_url_is_at_the_cdn_once_others_are_refused(before: Values, chosen: Values, site_url: str) -> None:
    settings = [f"{name}={value}" for name, value in chosen.items()]
    assert parameters_for(*settings, before=before) == {**chosen, **({"SiteUrl": site_url} if site_url else {})}


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
