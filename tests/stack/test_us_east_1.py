"""`make deploy EDGE_DOMAIN=…` deploys us-east-1's stack first, then the CDN with what that has, then the busy page."""

from argparse import Namespace
from typing import Any

import pytest

from stack import us_east_1
from stack.aws import Cloud
from stack.busy_page import page, refused_page
from stack.changes import headline
from stack.changeset import ChangeSet
from stack.deploy import deploy_everything
from stack.emulator import Emulator
from stack.package import Package
from stack.paths import REGION
from tests.stack.test_protection import WithoutMetricMath, options

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("deploy")]

DOMAIN = "sign.example.org"


def with_cdn(*settings: str, **more: Any) -> Namespace:
    return Namespace(**{**vars(options("crowd", *settings)), "edge_domain": DOMAIN, **more})


@pytest.fixture(scope="module")
def deployed(running: Emulator, built: Package) -> Any:
    """Return the outputs of a first deployment with a CDN, and the settings under which more may follow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YES", "1")
        patch.setattr("stack.deploy.package", lambda stage, target: WithoutMetricMath(built.template, built.archive))
        yield deploy_everything(Cloud(running.endpoint), with_cdn())


def test_the_distribution_has_what_the_stack_in_us_east_1_made(deployed: dict[str, str], running: Emulator) -> None:
    there = Cloud(running.endpoint, us_east_1.REGION)
    [acl] = there.client("wafv2").list_web_acls(Scope="CLOUDFRONT")["WebACLs"]
    listed = there.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    [edge] = [each for each in listed if each["Aliases"].get("Items") == [DOMAIN]]
    assert edge["WebACLId"] == acl["ARN"]
    assert edge["ViewerCertificate"]["ACMCertificateArn"].startswith("arn:aws:acm:us-east-1:")
    assert deployed["SiteUrlInUse"] == f"https://{DOMAIN}"
    assert deployed["EdgeAddress"] == edge["DomainName"]


def test_the_busy_page_is_in_its_bucket_and_is_not_kept(deployed: dict[str, str], running: Emulator) -> None:
    for key, content in (("busy.html", page()), ("busy-form.html", refused_page())):
        found = Cloud(running.endpoint).client("s3").get_object(Bucket=deployed["BusyBucketName"], Key=key)
        assert found["Body"].read().decode() == content
        assert (found["ContentType"], found["CacheControl"]) == ("text/html; charset=utf-8", "no-store")


def test_deploying_again_changes_nothing(
    deployed: dict[str, str], running: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(ready: ChangeSet) -> bool:
        raise AssertionError(f"{ready.stack}: {headline(ready.changes)}")

    monkeypatch.setattr("stack.deploy._confirmation", lambda stage, yes: refuse)
    assert deploy_everything(Cloud(running.endpoint), with_cdn()) == deployed
    # The domain is kept when it is not given.
    assert deploy_everything(Cloud(running.endpoint), with_cdn(edge_domain="")) == deployed


def test_a_new_key_makes_api_gateway_publish_its_policy_again(
    deployed: dict[str, str], running: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SAM publishes the API only if the text of its definition changes, and it does not read parameters."""
    sent: list[bytes] = []

    def upload(cloud: Cloud, bucket: str, folder: str, content: bytes, suffix: str) -> str:
        sent.append(content if suffix == ".json" else b"")
        return "key"

    monkeypatch.setattr("stack.deploy.upload", upload)
    monkeypatch.setattr("stack.deploy.changeset.create", lambda *_: None)
    for settings in (["OriginKeyToo=v1"], ["OriginKeyToo=v2"]):
        deploy_everything(Cloud(running.endpoint), with_cdn(*settings))
    descriptions = {
        text for body in sent for text in body.decode(errors="ignore").split('"') if "OriginKeyToo v" in text
    }
    assert descriptions == {
        f"EdgeDomain {DOMAIN}, EdgeOnly yes, OriginKey v1, OriginKeyToo {version}" for version in ("v1", "v2")
    }


def test_the_log_is_of_this_distribution_once_it_is_wanted(
    deployed: dict[str, str], running: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulator does not know the resources of a log, so this ends at the call that would create them."""
    asked: dict[str, dict[str, str]] = {}
    monkeypatch.setattr("stack.changeset.create", lambda _, stack, __, values, ___: asked.update({stack: values}))
    deploy_everything(Cloud(running.endpoint), with_cdn(edge_set=["Log=on"]))
    site = {"Stage": "crowd", "SiteRegion": REGION, "Domain": DOMAIN}
    assert asked[f"petitions-crowd-edge-{REGION}"] == {**site, "Log": "on", "DistributionArn": deployed["EdgeArn"]}


def test_the_same_stage_in_a_second_region_gets_a_stack_of_its_own(deployed: dict[str, str], running: Emulator) -> None:
    """All stacks of this kind are in us-east-1, where names of stacks, web ACLs and logs are unique."""
    second = Cloud(running.endpoint, "eu-west-2")
    us_east_1.deploy_in_us_east_1(second, with_cdn(), {"EdgeDomain": "second.example.org"}, "", lambda _: True)
    there = Cloud(running.endpoint, us_east_1.REGION)
    names = {each["Name"] for each in there.client("wafv2").list_web_acls(Scope="CLOUDFRONT")["WebACLs"]}
    assert names >= {f"petitions-crowd-{REGION}", "petitions-crowd-eu-west-2"}
    stacks = {each["StackName"] for each in there.client("cloudformation").describe_stacks()["Stacks"]}
    assert stacks >= {f"petitions-crowd-edge-{REGION}", "petitions-crowd-edge-eu-west-2"}


def test_a_certificate_of_ones_own_is_used(deployed: dict[str, str], running: Emulator) -> None:
    own = "arn:aws:acm:us-east-1:000000000000:certificate/own"
    values = {"EdgeDomain": DOMAIN, "EdgeCertificateArn": own}
    found = us_east_1.deploy_in_us_east_1(
        Cloud(running.endpoint), with_cdn(stage="own"), values, deployed["EdgeArn"], lambda _: True
    )
    assert found["EdgeCertificateArn"] == own
