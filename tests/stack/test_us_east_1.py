"""`make deploy EDGE_DOMAIN=…` deploys the stack in us-east-1, then the CDN that uses it."""

from argparse import Namespace
from typing import Any

import pytest

from stack import us_east_1
from stack.aws import Cloud
from stack.changeset import ChangeSet
from stack.deploy import deploy, deploy_everything
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


def test_the_distribution_uses_the_web_acl_and_certificate_in_us_east_1(
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


def test_the_alarm_on_errors_watches_this_distribution(
    first_outputs: dict[str, str], running_emulator: EmulatorProcess
) -> None:
    in_us_east_1 = Cloud(running_emulator.endpoint, us_east_1.REGION).client("cloudwatch")
    found = in_us_east_1.describe_alarms(AlarmNamePrefix=f"petitions-crowd-edge-{REGION}-")["MetricAlarms"]
    [dimensions] = [each["Dimensions"] for each in found if each["MetricName"] == "5xxErrorRate"]
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


def test_a_new_key_makes_api_gateway_publish_its_policy_again(
    first_outputs: dict[str, str], running_emulator: EmulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SAM publishes the API only if the text of its definition changes, and it does not read parameters."""
    uploads = recorded_uploads(monkeypatch)
    for settings in (["OriginKeyToo=v1"], ["OriginKeyToo=v2"]):
        deploy_everything(Cloud(running_emulator.endpoint), options_with_cdn(*settings))
    common = f"EdgeDomain {DOMAIN}, EdgeOnly yes, OriginKey v1"
    assert descriptions(uploads) == {f"{common}, OriginKeyToo v1", f"{common}, OriginKeyToo v2"}


def test_a_first_deployment_describes_the_policy_as_later_ones_do(
    running_emulator: EmulatorProcess, local_package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the second deployment of a stage, without any change, would publish the API again."""
    uploads = recorded_uploads(monkeypatch)
    deploy(Cloud(running_emulator.endpoint), local_package, "test", {"EdgeDomain": DOMAIN}, lambda _: True)
    assert descriptions(uploads) == {f"EdgeDomain {DOMAIN}, EdgeOnly yes, OriginKey v1, OriginKeyToo v1"}


def recorded_uploads(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Record uploaded templates, in place of uploading them. No change set is created."""
    uploads: list[bytes] = []

    def upload(cloud: Cloud, bucket: str, folder: str, content: bytes, suffix: str) -> str:
        uploads.append(content if suffix == ".json" else b"")
        return "key"

    monkeypatch.setattr("stack.deploy.upload", upload)
    monkeypatch.setattr("stack.changeset.upload", upload)
    monkeypatch.setattr("stack.deploy.changeset.create", lambda *_: None)
    return uploads


def descriptions(uploads: list[bytes]) -> set[str]:
    """Return the API's description in each template."""
    found = set()
    for body in uploads:
        texts = body.decode(errors="ignore").split('"')
        found |= {text for text in texts if "OriginKeyToo v" in text}
    return found


def test_the_same_stage_in_a_second_region_gets_a_stack_of_its_own(
    first_outputs: dict[str, str], running_emulator: EmulatorProcess
) -> None:
    """All stacks of this kind are in us-east-1, where names of stacks and web ACLs are unique."""
    second = Cloud(running_emulator.endpoint, "eu-west-2")
    us_east_1.deploy_in_us_east_1(second, options_with_cdn(), {"EdgeDomain": "second.example.org"}, "", lambda _: True)
    in_us_east_1 = Cloud(running_emulator.endpoint, us_east_1.REGION)
    web_acls = in_us_east_1.client("wafv2").list_web_acls(Scope="CLOUDFRONT")["WebACLs"]
    assert {each["Name"] for each in web_acls} >= {f"petitions-crowd-{REGION}", "petitions-crowd-eu-west-2"}
    stacks = in_us_east_1.client("cloudformation").describe_stacks()["Stacks"]
    stack_names = {each["StackName"] for each in stacks}
    assert stack_names >= {f"petitions-crowd-edge-{REGION}", "petitions-crowd-edge-eu-west-2"}


def test_the_operators_own_certificate_is_used(
    first_outputs: dict[str, str], running_emulator: EmulatorProcess
) -> None:
    own = "arn:aws:acm:us-east-1:000000000000:certificate/own"
    values = {"EdgeDomain": DOMAIN, "EdgeCertificateArn": own}
    outputs = us_east_1.deploy_in_us_east_1(
        Cloud(running_emulator.endpoint),
        options_with_cdn(stage="own"),
        values,
        first_outputs["EdgeArn"],
        lambda _: True,
    )
    assert outputs["EdgeCertificateArn"] == own


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
