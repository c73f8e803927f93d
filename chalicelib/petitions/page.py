"""The petition's page with its form, and other pages about a petition, in the language that the reader chose."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from chalice.app import Request, Response

from chalicelib.aws.table import Tables
from chalicelib.core.errors import FieldError, Unavailable
from chalicelib.core.language import countries, language_of
from chalicelib.edge.html import frame_policy, is_embedded, page
from chalicelib.edge.http import NEVER_STALE, NO_STORE, chosen_language
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.petitions.text_changes import changes_for_page
from chalicelib.shedding.watch import watch_now
from chalicelib.tallies.count import Count, Recent
from chalicelib.tallies.public import public_count

# Loaders of the page's sections, by name in the template. app.py adds the others: this package must not import theirs.
# They use cached data, because people read pages far more often than they sign.
SectionLoader = Callable[[Petition, Count | None, Tables], object]
SECTIONS: dict[str, SectionLoader] = {"changes": changes_for_page}
# Older numbers are not shown: only a request for the progress counts them again, so they may be months old.
RECENT_SHOWN_FOR = timedelta(hours=1)


def page_about(
    petition: Petition,
    request: Request,
    template: str,
    context: Mapping[str, object],
    status: int = 200,
    headers: Mapping[str, str] = NO_STORE,
) -> Response:
    """Return a page in the language of `?lang=`, or else in the petition's main language.

    `foreign`: the HTML attributes for screen readers, if the petition has no translation into the page's language.
    """
    language = chosen_language(request) or petition.language
    direction = language_of(petition.language).direction
    foreign = {} if language in petition.languages else {"lang": petition.language, "dir": direction}
    context = {**context, "petition": petition.in_language(language), "foreign": foreign}
    return page(request, template, context, status, headers, language=language, languages=petition.languages)


def petition_page(
    request: Request,
    petition: Petition,
    now: datetime,
    tables: Tables,
    *,
    form: Mapping[str, str],
    errors: Sequence[FieldError] = (),
    busy: bool = False,
    status: int = 200,
    headers: Mapping[str, str] = NO_STORE,
) -> Response:
    """Return the page, or only its form in a frame. `busy`: we could not take the signature at the moment."""
    count = count_if_available(petition, now, tables)
    context = _context(petition, request, petition.state_at(now), count, now)
    may_need_proof = watch_now(tables).may_need_proof(petition.slug, now)
    context |= {"form": _with_known_country(form), "errors": errors, "busy": busy, "may_need_proof": may_need_proof}
    if is_embedded(request):
        return embedded_page(petition, request, "embed.html", context, status, headers)
    context |= dict.fromkeys(SECTIONS)
    for name, load in SECTIONS.items():
        with suppress(Unavailable):  # Then the section stays None, and the rest of the page still works.
            context[name] = load(petition, count, tables)
    return page_about(petition, request, "petition.html", context, status, headers)


def embedded_page(
    petition: Petition,
    request: Request,
    template: str,
    context: Mapping[str, object],
    status: int = 200,
    headers: Mapping[str, str] = NO_STORE,
) -> Response:
    framed = {**headers, **frame_policy(petition.embed_on)}
    return page_about(petition, request, template, {**context, "embedded": True}, status, framed)


def preview_page(request: Request, petition: Petition, now: datetime, tables: Tables) -> Response:
    """Show the page as if the petition were open. Its form cannot be sent."""
    context = _context(petition, request, PetitionState.OPEN, count_if_available(petition, now, tables), now)
    context |= dict.fromkeys(SECTIONS)  # Each section is None, so the page leaves it out.
    context |= {"form": _with_known_country({}), "errors": (), "busy": False, "preview": petition.state_at(now).value}
    headers = {**NEVER_STALE, "X-Robots-Tag": "noindex"}  # No cache keeps the preview. No search engine lists it.
    return page_about(petition, request, "petition.html", context, headers=headers)


def _context(
    petition: Petition, request: Request, state: PetitionState, count: Count | None, now: datetime
) -> dict[str, object]:
    """Return values for the template. `preview`: only `preview_page` sets it, to the real state."""
    language = language_of(chosen_language(request) or petition.language)
    country_names = language.countries()
    confirmed = count.confirmed if count else None
    recent = count.recent if count else None
    return {
        "state": state.value,
        "count": confirmed,
        "goal": petition.goal_at(max(confirmed or 0, petition.elsewhere)),
        "as_of": count.as_of if count else None,
        "recent": recent,
        "is_recent_old": recent is not None and _is_old(recent, now),
        "countries": list(country_names.items()),
        "preview": None,
    }


def _is_old(recent: Recent, now: datetime) -> bool:
    return recent.as_of.date() != now.date() or now - recent.as_of >= RECENT_SHOWN_FOR


def _with_known_country(form: Mapping[str, str]) -> dict[str, str]:
    country = form.get("country", "")
    known_country = country if country in countries() else "GB"
    return {**form, "country": known_country}


def counter_context(petition: Petition, now: datetime, tables: Tables) -> dict[str, object]:
    count = count_if_available(petition, now, tables)
    confirmed = count.confirmed if count else None
    goal = petition.goal_at(max(confirmed or 0, petition.elsewhere))
    return {"state": petition.state_at(now).value, "count": confirmed, "goal": goal}


def count_if_available(petition: Petition, now: datetime, tables: Tables) -> Count | None:
    try:
        return public_count(petition, now, tables)
    except Unavailable:
        return None
