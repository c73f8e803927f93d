"""The template is merged from parts. The outputs of a deployed stack become settings."""

import pytest

from stack.template.cfn import Template, merge_parts
from stack.template.merge import merge_template, settings_in


def test_parts_add_to_the_same_resource() -> None:
    parts: list[Template] = [{"Resources": {"A": {"Events": {}}}}, {"Resources": {"A": {"Timeout": 3}, "B": {}}}]
    assert merge_parts(parts) == {"Resources": {"A": {"Events": {}, "Timeout": 3}, "B": {}}}
    assert parts[0] == {"Resources": {"A": {"Events": {}}}}


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
