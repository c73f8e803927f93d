"""Enter a figure: how many people signed with one source, such as another platform. The petition stores its figures."""

from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.core.errors import FieldError, Invalid, Stale
from chalicelib.petitions.edit import revise, with_changes
from chalicelib.petitions.figure import MAX_FIGURES, Figure, NewFigure
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition

ATTEMPTS = 3


def enter(slug: str, new: NewFigure, now: datetime, tables: Tables) -> Figure:
    """Add the figure to the petition. A repeat changes nothing.

    Raise Invalid if `as_of` is in the future or there are too many figures, UnknownPetition, and Stale if another edit
    was faster in each attempt.
    """
    if new.as_of > now:
        raise Invalid([FieldError("as_of", "Enter a time that is not in the future")])
    figure = Figure(**new.model_dump(), entered_at=now)
    for _ in range(ATTEMPTS):
        petition = petition_as_stored(slug, tables)
        if earlier := _already_entered(figure, petition):
            return earlier
        if len(petition.figures) == MAX_FIGURES:
            raise Invalid([FieldError("source", f"There are {MAX_FIGURES} figures already, and no more fit")])
        try:
            revise(with_changes(petition, figures=[*petition.figures, figure]), tables)
        except Stale:
            continue  # Somebody edited the petition in between.
        return figure
    raise Stale


def _already_entered(figure: Figure, petition: Petition) -> Figure | None:
    """Return the source's last figure if only `entered_at` differs: an earlier call has stored it."""
    same_source = [earlier for earlier in petition.figures if earlier.source == figure.source]
    if not same_source:
        return None
    latest = same_source[-1]
    ignored = {"entered_at"}
    is_same = latest.model_dump(exclude=ignored) == figure.model_dump(exclude=ignored)
    return latest if is_same else None
