"""The deployed stack: emulator, functions that reach it through the fault proxy, and the front."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.edge.record import Record
from benchmarks.edge.recording_gateway import RecordingGateway
from benchmarks.scene import sample_petition
from benchmarks.spike import faults
from benchmarks.spike.faults import ProxyFaults
from benchmarks.spike.plan import Plan
from benchmarks.spike.ses import Ses
from stack import front
from stack.attach import Deployed, deploy_to_emulator
from stack.aws import Cloud
from stack.background import serve
from stack.edge import local
from stack.emulator import emulator, set_faults
from stack.manage import issue_token, load_petitions
from stack.sockets import LOOPBACK, free_port

# The calls to the signatures' table and to SES. Other calls go to the emulator directly, for speed.
THROUGH = ("APIHandler", "Links", "StoreOverflow", "SendMail", "SendOtherMail")
QUEUES = {"overflow": "OverflowQueueUrl", "mail": "MailQueueUrl", "other mail": "OtherMailQueueUrl"}
SLUG = sample_petition().slug


@dataclass(frozen=True)
class Stage:
    site: str
    stack: Deployed
    faults: ProxyFaults
    cloud: Cloud
    staff_token: str
    record: Record  # of what reaches the API through the CDN

    def set_faults(self, rates: Mapping[str, float]) -> dict[str, int]:
        """Set the faults of every function. Return how often each fault has happened so far."""
        return set_faults(self.stack.endpoint, rates)

    def depths(self) -> dict[str, int]:
        return depths(self.cloud, self.stack)


@contextmanager
def stage(plan: Plan) -> Iterator[Stage]:
    """Start and deploy the stack with the CDN before it; stop it at the end of the block."""
    site_port, faults_port, api_port = free_port(), free_port(), free_port()
    site = f"http://{LOOPBACK}:{site_port}"
    with emulator() as running:
        stack, cloud = deploy_to_emulator(running.endpoint, site, parameters=local.PARAMETERS), Cloud(running.endpoint)
        load_petitions(stack)
        between = ProxyFaults(running.endpoint, stack.outputs["SignaturesTableName"], Ses(plan.ses_rate, plan.quota))
        _route_through(cloud, f"http://{LOOPBACK}:{faults_port}", plan.sender_rate)
        if plan.rest is not None:
            shorten_visibility_timeouts(cloud, stack, plan.rest)
        record, (edge, _) = Record(), local.applications(stack, api_port)
        api = front.serving(RecordingGateway(stack.gateway, record))
        with serve(faults.application(between), faults_port), serve(api, api_port), serve(edge, site_port):
            yield Stage(site, stack, between, cloud, issue_token(stack), record)


def _route_through(cloud: Cloud, faults_url: str, sender_rate: float) -> None:
    client = cloud.client("lambda")
    ours = {"AWS_ENDPOINT_URL_DYNAMODB": faults_url, "AWS_ENDPOINT_URL_SESV2": faults_url}
    ours["MAIL_PER_SECOND"] = f"{sender_rate:g}"
    for function in _functions(client):
        variables = {**function["Environment"]["Variables"], **ours}
        client.update_function_configuration(
            FunctionName=function["FunctionName"], Environment={"Variables": variables}
        )


def _functions(client: Any) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_functions").paginate()
    known = [function for page in pages for function in page["Functions"]]
    found = [one for one in known if any(f"-{name}-" in f"{one['FunctionName']}-" for name in THROUGH)]
    if len(found) != len(THROUGH):
        raise RuntimeError(f"looked for {THROUGH}, found {[one['FunctionName'] for one in known]}")
    return found


def depths(cloud: Cloud, stack: Deployed) -> dict[str, int]:
    """Return the messages in each queue: waiting, in flight, or delayed."""
    names: Any = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
    client, found = cloud.client("sqs"), {}
    for name, output in QUEUES.items():
        answer = client.get_queue_attributes(QueueUrl=stack.outputs[output], AttributeNames=names)
        found[name] = sum(map(int, answer["Attributes"].values()))
    return found


def shorten_visibility_timeouts(cloud: Cloud, stack: Deployed, seconds: int) -> None:
    """Deliver a message again after `seconds`, not after minutes: on a busy machine a call may exceed its 2 s."""
    for output in QUEUES.values():
        cloud.client("sqs").set_queue_attributes(
            QueueUrl=stack.outputs[output], Attributes={"VisibilityTimeout": str(seconds)}
        )
