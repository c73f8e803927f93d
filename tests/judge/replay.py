"""Replays a recorded call on the real class of chalicelib.aws. Each AWS call gets the shortest valid answer."""

import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws.bucket import PART, Bucket
from chalicelib.aws.email import Mailer, MailQuota
from chalicelib.aws.queue import Queue, Source
from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.settings import Reputation, reputation_variable, table_variable
from stack.judge.model import Call
from stack.judge.resolve import Resolver
from tests.aws.stubbed import a_client
from tests.fake_site import FakeSite
from tests.judge.witness import RecordedCall

KEY = {"pk": {"S": "PAGE"}, "sk": {"S": "PAGE"}}


class Replay:
    """`calls`: the AWS calls of the last replay."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self.calls: list[Call] = []
        self.mapping_state, self.parts_fail = "Enabled", False
        clients = {name: self._client(name) for name in ("dynamodb", "sqs", "lambda", "s3", "sesv2")}
        tables = {name: environment[table_variable(name)] for name in keys.TABLES}
        configuration_sets = {each: environment[reputation_variable(each)] for each in Reputation}
        self._real: dict[str, Any] = {
            "tables": Tables(clients["dynamodb"], tables),
            "queue": Queue(clients["sqs"], environment["MAIL_QUEUE_URL"]),
            "other_queue": Queue(clients["sqs"], environment["OTHER_MAIL_QUEUE_URL"]),
            "overflow": Queue(clients["sqs"], environment["OVERFLOW_QUEUE_URL"]),
            "jobs": Queue(clients["sqs"], environment["JOBS_QUEUE_URL"]),
            "address_jobs": Queue(clients["sqs"], environment["ADDRESS_JOBS_QUEUE_URL"]),
            "source": Source(clients["lambda"], environment["MAIL_SOURCE"]),
            "other_source": Source(clients["lambda"], environment["OTHER_MAIL_SOURCE"]),
            "bucket": Bucket(clients["s3"], environment["EXPORTS_BUCKET"]),
            "quota": MailQuota(clients["sesv2"]),
            "mailer": Mailer(clients["sesv2"], environment["MAIL_FROM"], configuration_sets),
        }
        self._files = [_file(folder / "small", 1), _file(folder / "large", PART + 1)]

    def play(self, recorded: RecordedCall, fake_site: FakeSite) -> list[Call]:
        """Return every AWS call that the real object can make for this call, whatever AWS answers."""
        self.calls = []
        [name] = [name for name in self._real if getattr(fake_site, name) is recorded.target]
        call = getattr(self._real[name], recorded.method)
        if recorded.method == "put_file":
            self._put_files(call, recorded.arguments)
        elif recorded.method == "copy_to":
            call(recorded.arguments[0], io.BytesIO())
        elif recorded.method == "switch":
            for state in ("Enabled", "Disabled"):
                self.mapping_state = state
                call(**recorded.named)
        else:
            answer = call(*recorded.arguments, **recorded.named)
            if isinstance(answer, Iterator):
                list(answer)
        return self.calls

    def _put_files(self, call: Any, arguments: tuple[Any, ...]) -> None:
        """Put a small file, a large one in parts, and one whose upload is aborted because a part fails."""
        key, _, content_type = arguments
        for path, fail in product(self._files, (False, True)):
            self.parts_fail = fail
            with suppress(ClientError):
                call(key, path, content_type)
        self.parts_fail = False

    def _client(self, service: str) -> Any:
        client = a_client(service)
        client.meta.events.register("provide-client-params", lambda **event: self._note(service, event))
        client.meta.events.register("before-call", self._answer)
        return client

    def _note(self, service: str, event: Mapping[str, Any]) -> None:
        self.calls.append(Call(service, event["model"].name, event["params"]))

    def _answer(self, model: Any, **_: object) -> tuple[SimpleNamespace, dict[str, Any]]:
        if model.name == "UploadPart" and self.parts_fail:
            return SimpleNamespace(status_code=400), {"Error": {"Code": "Failed", "Message": ""}}
        return SimpleNamespace(status_code=200), self._shortest_answer(model.name, self.calls[-1].params)

    def _shortest_answer(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        page: dict[str, Any] = {"Items": [], "Count": 0}
        if "ExclusiveStartKey" not in params:
            page["LastEvaluatedKey"] = KEY
        is_repeated = any(each.operation == operation for each in self.calls[:-1])
        unprocessed = {} if is_repeated else params.get("RequestItems")
        answers: dict[str, Any] = {
            "Query": page,
            "BatchGetItem": {"Responses": {}, "UnprocessedKeys": unprocessed},
            "UpdateItem": {"Attributes": {}},
            "SendMessageBatch": {"Successful": params.get("Entries")},
            "ChangeMessageVisibilityBatch": {"Successful": params.get("Entries")},
            "GetEventSourceMapping": {"State": self.mapping_state},
            "SendEmail": {"MessageId": "m"},
            "GetObject": {"Body": io.BytesIO(), "ETag": "e"},
            "ListObjectsV2": {"Contents": [{"Key": f"{params.get('Prefix')}one", "Size": 1}]},
            "CreateMultipartUpload": {"UploadId": "u"},
            "UploadPart": {"ETag": "e"},
        }
        return dict(answers.get(operation, {}))


def environment(resolver: Resolver, template: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment variables of all functions together, without the secrets."""
    variables = dict(template["Globals"]["Function"]["Environment"]["Variables"])
    for resource in template["Resources"].values():
        variables |= resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
    found = {}
    for name, value in variables.items():
        is_secret = name.endswith("_KEYS") or name.startswith("OIDC_")
        if not is_secret:
            found[name] = str(resolver.value(value))
    return found


def _file(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path
