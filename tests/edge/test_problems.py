"""Every domain error has a problem."""

import http

import pytest

from chalicelib.core import errors
from chalicelib.core.errors import (
    BodyTooLarge,
    ConditionFailed,
    Conflicted,
    DayNotClosed,
    Denied,
    Explained,
    FieldError,
    Forbidden,
    Gone,
    Invalid,
    InvalidTransition,
    LinkDamaged,
    LinkExpired,
    MailRefused,
    NotAStatement,
    NotJson,
    NotNow,
    NotSignedIn,
    NotYet,
    OptOutLinkExpired,
    PetitionNotOpen,
    PetitionRemoved,
    PetitionsError,
    PreconditionRequired,
    ProviderUnavailable,
    RateExceeded,
    SendingStopped,
    Stale,
    Throttled,
    Unavailable,
    UnknownPetition,
    UnknownThing,
    Unreached,
    WrongType,
)
from chalicelib.edge.problems import problem_of

ERRORS_AND_STATUSES: list[tuple[PetitionsError, int]] = [
    (UnknownPetition(), 404),
    (PetitionRemoved(), 410),
    (PetitionNotOpen("closed"), 409),
    (InvalidTransition("closed", "paused"), 409),
    (Stale(), 412),
    (PreconditionRequired(), 428),
    (Invalid([FieldError("name", "Enter your name")]), 422),
    (Forbidden("Not that."), 403),
    (UnknownThing("No such token."), 404),
    (NotNow("It runs."), 409),
    (Gone("It was deleted."), 410),
    (NotAStatement(), 404),
    (NotJson(), 400),
    (BodyTooLarge(), 413),
    (WrongType("application/json"), 415),
    (LinkDamaged(), 400),
    (LinkExpired("safe-children", "ab" * 16), 410),
    (OptOutLinkExpired("safe-children", "ab" * 16), 410),
    (Unavailable(), 503),
    (Denied(), 503),
    (Throttled(), 503),
    (Unreached(), 503),
    (RateExceeded(), 503),
    (SendingStopped(), 503),
    (Conflicted(), 503),
    (NotYet(), 503),
    (DayNotClosed(), 503),
    (ConditionFailed({"name": "Alice"}), 503),
    (MailRefused("x"), 503),
    (ProviderUnavailable(), 503),
    (NotSignedIn("Sign in again."), 401),
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
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    kinds = {kind for kind in classes if issubclass(kind, PetitionsError)}
    assert kinds - {PetitionsError, Explained} == {type(error) for error, _ in ERRORS_AND_STATUSES}


def test_a_conflict_has_the_petitions_state_and_an_invalid_form_its_field_errors() -> None:
    assert problem_of(PetitionNotOpen("closed")).body()["state"] == "closed"
    assert problem_of(InvalidTransition("closed", "paused")).body()["state"] == "closed"
    invalid = Invalid([FieldError("name", "Enter your name")])
    assert problem_of(invalid).body()["errors"] == [{"field": "name", "message": "Enter your name"}]


def test_a_title_over_http_is_the_phrase_of_its_status() -> None:
    # Python 3.11 has older phrases for these two.
    new_phrases = {422: "Unprocessable Content", 413: "Content Too Large"}
    for error, status in ERRORS_AND_STATUSES:
        if not isinstance(error, (LinkDamaged, LinkExpired)):
            phrase = new_phrases.get(status, http.HTTPStatus(status).phrase)
            assert problem_of(error).title == phrase


@pytest.mark.parametrize("error", [error for error, _ in ERRORS_AND_STATUSES])
def test_no_error_text_contains_the_errors_fields(error: PetitionsError) -> None:
    assert str(error) == repr(error) == type(error).__name__


def test_a_petition_that_was_taken_down_shows_the_reason() -> None:
    detail = problem_of(PetitionRemoved("It was a copy.")).body()["detail"]
    assert detail == "This petition has been taken down. It was a copy."
    assert problem_of(PetitionRemoved()).detail == "This petition has been taken down."
