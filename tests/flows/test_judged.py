"""Each handler's calls are judged by the role of its own function."""

import pytest

from stack.judge.judge import Judge
from stack.judge.model import Call
from tests.fake_site import token_in
from tests.flows.handlers import EmulatedSite, link_in


def test_every_step_of_a_signature_is_judged_as_the_function_that_takes_it(
    site: EmulatedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = set()

    def check(_: Judge, function: str, call: Call) -> None:
        judged.add((function, call.service))

    monkeypatch.setattr(Judge, "check", check)
    site.sign()
    [mail] = site.deliver()
    site.post_form("/confirm", {"token": token_in(link_in(mail, "confirm"))})
    assert site.count() == 1
    assert judged == {
        ("api_handler", "dynamodb"),
        ("project_signatures", "dynamodb"),
        ("relay_mail", "dynamodb"),
        ("relay_mail", "sqs"),
        ("send_mail", "dynamodb"),
        ("send_mail", "sesv2"),
        ("links", "dynamodb"),
        ("authorizer", "dynamodb"),
        ("counts", "dynamodb"),
    }


def test_a_role_that_may_not_write_sends_the_signature_to_the_overflow_queue(
    site: EmulatedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the judge, the emulator would store it: it refuses nobody."""
    judge = site.aws.judge
    policy = judge._policy("api_handler")
    less = [statement for statement in policy["Statement"] if "dynamodb:PutItem" not in statement["Action"]]
    monkeypatch.setattr(judge, "_policy", lambda _: {**policy, "Statement": less})
    assert site.sign().status_code == 202
    assert len(site.receive_overflow_messages()) == 1
    [refusal] = judge.refusals
    assert "not authorized to perform: dynamodb:PutItem" in refusal
    judge.refusals.clear()
