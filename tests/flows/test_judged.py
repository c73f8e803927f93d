"""Each handler's calls are judged by the role of its own function."""

import pytest

from stack.judge.judge import Judge
from stack.judge.model import Call
from tests.fake_site import link_in, token_in
from tests.flows.handlers import EmulatedSite


def test_every_step_of_a_signature_is_judged_as_the_function_that_takes_it(
    site: EmulatedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = set()

    def check(_: Judge, function: str, call: Call) -> None:
        judged.add((function, call.service))

    monkeypatch.setattr(Judge, "check", check)
    site.sign()
    [mail] = site.new_mails()
    site.post_form("/confirm", {"token": token_in(link_in(mail, "confirm"))})
    assert site.read("counts")["confirmed"] == 1
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
