"""Every domain error has a problem."""

import pytest

from chalicelib.core import errors
from chalicelib.core.errors import FieldError, PetitionsError
from chalicelib.edge.problems import problem_of

CLASSES = [value for value in vars(errors).values() if isinstance(value, type)]
KINDS = {kind for kind in CLASSES if issubclass(kind, PetitionsError)} - {PetitionsError, errors.Explained}
ERRORS_AND_STATUSES: list[tuple[PetitionsError, int]] = [
    (errors.UnknownPetition(), 404),
    (errors.PetitionRemoved(), 410),
    (errors.PetitionNotOpen("closed"), 409),
    (errors.InvalidTransition("closed", "paused"), 409),
    (errors.Stale(), 412),
    (errors.PreconditionRequired(), 428),
    (errors.Invalid([FieldError("name", "Enter your name")]), 422),
    (errors.Forbidden("Not that."), 403),
    (errors.UnknownThing("No such token."), 404),
    (errors.NotNow("It runs."), 409),
    (errors.Gone("It was deleted."), 410),
    (errors.NotAStatement(), 404),
    (errors.NotJson(), 400),
    (errors.BodyTooLarge(), 413),
    (errors.WrongType("application/json"), 415),
    (errors.LinkDamaged(), 400),
    (errors.LinkExpired("safe-children", "ab" * 16), 410),
    (errors.OptOutLinkExpired("safe-children", "ab" * 16), 410),
    *((kind(), 503) for kind in CLASSES if issubclass(kind, errors.Unavailable)),
    (errors.NotYet(), 503),
    (errors.DayNotClosed(), 503),
    (errors.ConditionFailed({"name": "Alice"}), 503),
    (errors.MailRefused("x"), 503),
    (errors.NotSignedIn("Sign in again."), 401),
]


@pytest.mark.parametrize(("error", "status"), ERRORS_AND_STATUSES)
def test_an_error_is_a_problem_as_in_rfc_9457(error: PetitionsError, status: int) -> None:
    problem = problem_of(error)
    body = problem.body()
    assert problem.status == body["status"] == status
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]
    assert (problem.retry_after is not None) is (status == 503)


def test_every_error_has_a_problem() -> None:
    assert {type(error) for error, _ in ERRORS_AND_STATUSES} == KINDS


def test_a_conflict_has_the_petitions_state_and_an_invalid_form_its_field_errors() -> None:
    assert problem_of(errors.PetitionNotOpen("closed")).body()["state"] == "closed"
    assert problem_of(errors.InvalidTransition("closed", "paused")).body()["state"] == "closed"
    invalid = errors.Invalid([FieldError("name", "Enter your name")])
    assert problem_of(invalid).body()["errors"] == [{"field": "name", "message": "Enter your name"}]


@pytest.mark.parametrize("error", [error for error, _ in ERRORS_AND_STATUSES])
def test_no_error_text_contains_the_errors_fields(error: PetitionsError) -> None:
    assert str(error) == repr(error) == type(error).__name__


def test_a_petition_that_was_taken_down_shows_the_reason() -> None:
    detail = problem_of(errors.PetitionRemoved("It was a copy.")).body()["detail"]
    assert detail == "This petition has been taken down. It was a copy."
    assert problem_of(errors.PetitionRemoved()).detail == "This petition has been taken down."
