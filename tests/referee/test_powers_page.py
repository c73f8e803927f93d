"""docs/deploy.md says who may what, as the policies do."""

from stack.referee import powers


def test_the_page_is_up_to_date() -> None:
    page = powers.PAGE.read_text(encoding="utf-8")
    assert powers.with_table(page) == page, "run: PYTHONPATH=. .venv/bin/python -m stack.referee.powers"


def test_every_part_of_a_policy_is_shown() -> None:
    shown = powers.table()
    assert "{'" not in shown
    assert "| `Counts` | – | `GetItem`, `Query`, `BatchGetItem` under `PETITIONS`," in shown
    assert "`sqs:SendMessage` on `OverflowQueue`" in shown
    assert "secret `SignatureKeys`" in shown
    assert "`s3:ListBucket` on `ExportsBucket`, prefix `parts/*`, `files/*`" in shown
    assert "`ses:SendEmail` on `ses:identity/*`, `ses:configuration-set/MailConfigurationSet`" in shown
