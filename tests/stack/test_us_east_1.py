"""`make deploy EDGE_DOMAIN=…` deploys the stack in us-east-1, then the CDN that uses it."""

from argparse import Namespace
from typing import Any

import pytest

from stack import us_east_1
from stack.aws import Cloud
from stack.changeset import ChangeSet
from stack.deploy import deploy_everything
from stack.local.emulator import EmulatorProcess
from stack.package import Package
from stack.paths import REGION
from tests.stack.test_protection import WithoutMetricMath, options

pytestmark = pytest.mark.stack

DOMAIN = "sign.example.org"


def options_with_cdn(*settings: str, **more: Any) -> Namespace:
    return Namespace(**{**vars(options("crowd", f"EdgeDomain={DOMAIN}", *settings)), **more})


@pytest.fixture(scope="module")
def first_outputs(running_emulator: EmulatorProcess, local_package: Package) -> Any:
    """The outputs of a first deployment with a CDN. Later deployments in this module keep its patches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YES", "1")
        patch.setattr(
            "stack.deploy.package",
            lambda stage, target: WithoutMetricMath(local_package.template, local_package.archive),
        )
        yield deploy_everything(Cloud(running_emulator.endpoint), options_with_cdn())


def test_the_distribution_uses_what_is_in_us_east_1_and_the_alarm_there_watches_it(
    first_outputs: dict[str, str], running_emulator: EmulatorProcess
) -> None:
    in_us_east_1 = Cloud(running_emulator.endpoint, us_east_1.REGION)
    [acl] = in_us_east_1.client("wafv2").list_web_acls(Scope="CLOUDFRONT")["WebACLs"]
    listed = in_us_east_1.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    [edge] = [each for each in listed if each["Aliases"].get("Items") == [DOMAIN]]
    assert edge["WebACLId"] == acl["ARN"]
    assert edge["ViewerCertificate"]["ACMCertificateArn"].startswith("arn:aws:acm:us-east-1:")
    assert first_outputs["SiteUrlInUse"] == f"https://{DOMAIN}"
    assert first_outputs["EdgeAddress"] == edge["DomainName"]
    alarms = in_us_east_1.client("cloudwatch").describe_alarms(AlarmNamePrefix="petitions-crowd-edge-")["MetricAlarms"]
    [dimensions] = [each["Dimensions"] for each in alarms if each["MetricName"] == "5xxErrorRate"]
    assert {"Name": "DistributionId", "Value": first_outputs["EdgeArn"].partition("/")[2]} in dimensions


def test_deploying_again_changes_nothing(
    first_outputs: dict[str, str], running_emulator: EmulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(ready: ChangeSet) -> bool:
        raise AssertionError(f"{ready.stack}: {ready.headline}")

    monkeypatch.setattr("stack.deploy._confirmation", lambda stage: refuse)
    assert deploy_everything(Cloud(running_emulator.endpoint), options_with_cdn()) == first_outputs
    # An omitted domain keeps its value.
    assert deploy_everything(Cloud(running_emulator.endpoint), options("crowd")) == first_outputs


def test_the_same_stage_in_a_second_region_gets_a_stack_of_its_own_with_the_operators_certificate(
    first_outputs: dict[str, str], running_emulator: EmulatorProcess
) -> None:
    """All stacks of this kind are in us-east-1, where names of stacks and web ACLs are unique."""
    own = "arn:aws:acm:us-east-1:000000000000:certificate/own"
    values = {"EdgeDomain": "second.example.org", "EdgeCertificateArn": own}
    second = Cloud(running_emulator.endpoint, "eu-west-2")
    outputs = us_east_1.deploy_in_us_east_1(second, options_with_cdn(), values, "", lambda _: True)
    assert outputs["EdgeCertificateArn"] == own
    in_us_east_1 = Cloud(running_emulator.endpoint, us_east_1.REGION)
    web_acls = in_us_east_1.client("wafv2").list_web_acls(Scope="CLOUDFRONT")["WebACLs"]
    assert {each["Name"] for each in web_acls} >= {f"petitions-crowd-{REGION}", "petitions-crowd-eu-west-2"}
    stacks = in_us_east_1.client("cloudformation").describe_stacks()["Stacks"]
    stack_names = {each["StackName"] for each in stacks}
    assert stack_names >= {f"petitions-crowd-edge-{REGION}", "petitions-crowd-edge-eu-west-2"}


def test_without_a_certificate_the_site_is_at_cloudfronts_own_address(
    first_outputs: dict[str, str], running_emulator: EmulatorProcess
) -> None:
    """So the CDN can be tried without owning a domain."""
    trial = options_with_cdn(stage="trial", edge_set=["RequestCertificate=no"])
    outputs = deploy_everything(Cloud(running_emulator.endpoint), trial)
    assert outputs["SiteUrlInUse"] == f"https://{outputs['EdgeAddress']}"
    listed = Cloud(running_emulator.endpoint).client("cloudfront").list_distributions()["DistributionList"]["Items"]
    [edge] = [each for each in listed if each["DomainName"] == outputs["EdgeAddress"]]
    assert edge["ViewerCertificate"]["CloudFrontDefaultCertificate"]
    assert not edge["Aliases"].get("Items")
    # A later deployment keeps this choice.
    again = deploy_everything(Cloud(running_emulator.endpoint), options("trial"))
    assert again == outputs
