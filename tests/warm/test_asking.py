"""`make warm` asks at a terminal. test_warm.py shows that nothing changes without a yes."""

import pytest

from stack.warm.__main__ import _engineer_agrees


@pytest.mark.parametrize(("typed", "agreed"), [("no", False), ("", False), ("yes", True), (" Y ", True)])
def test_at_a_terminal_the_engineer_is_asked_and_only_yes_agrees(
    typed: str, agreed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[str] = []

    def answer(question: str) -> str:
        questions.append(question)
        return typed

    monkeypatch.delenv("YES", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", answer)
    assert _engineer_agrees() is agreed
    assert questions == ["Change this? [yes/no] "]
