"""`manage.py petition`: check or load a petition file."""

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from chalicelib.core import keys, times
from chalicelib.core.errors import Invalid, UnknownPetition
from chalicelib.core.settings import required, table_variable
from chalicelib.core.validation import field_errors
from chalicelib.petitions.edit import publish
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.form import WORDS, check_addresses_differ, check_texts
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.petitions.transition import gap_errors, other_gaps
from commands import common


def load_petition(arguments: argparse.Namespace) -> None:
    for path in arguments.file:
        petition = read_petition(path)
        common.audit("petition.loaded", petition.slug, text_version=petition.text_version)
        published = publish(petition, times.now(), common.tables())
        print(f"loaded {published.slug} ({published.state_at(times.now())}), text version {published.text_version}")


def check_petition(arguments: argparse.Namespace) -> None:
    """Warn if a file has the slug of an earlier file, or of a petition in the table, if there are settings for one."""
    path_of: dict[str, Path] = {}
    for path in arguments.file:
        petition = read_petition(path)
        slug = petition.slug
        print(f"{path}: {slug} is valid")
        if places := other_gaps(petition):
            print(f"warning: there is text in [square brackets] in {places}", file=sys.stderr)
        if slug in path_of:
            warning = f"{path_of[slug]} has the same slug: of the two petitions, only the one that is loaded last stays"
            print(f"warning: {warning}", file=sys.stderr)
        elif _exists(slug):
            print(f"warning: there is a petition {slug} already: loading this file replaces its text", file=sys.stderr)
        path_of[slug] = path


def _exists(slug: str) -> bool:
    try:
        required(table_variable(keys.COUNTS))
        petition_as_stored(slug, common.tables())
    except (UnknownPetition, RuntimeError):  # RuntimeError: there are no settings.
        return False
    return True


def read_petition(path: Path) -> Petition:
    """Raise InputError with the file and each wrong field."""
    try:
        petition = Petition.model_validate(tomllib.loads(common.read_text(path)))
        check_texts(petition)
        check_addresses_differ(petition.letter)
        if errors_of_gaps := gap_errors(petition) if petition.state is not PetitionState.DRAFT else []:
            raise Invalid(errors_of_gaps)
    except tomllib.TOMLDecodeError as error:
        raise common.InputError(f"{path}: {error}") from error
    except (ValidationError, Invalid) as error:
        errors = error.errors if isinstance(error, Invalid) else field_errors(error, WORDS)
        lines = [f"{path}: {each.field}: {each.message}" for each in errors]
        raise common.InputError("\n".join(lines)) from error
    return petition


def add_to(subparsers: Any) -> None:
    petition = subparsers.add_parser("petition", help="check or load a petition file").add_subparsers(required=True)
    for name, action, about in (
        ("load", load_petition, "publish a petition or its new version (safe to repeat)"),
        ("check", check_petition, "check a file, and warn if its petition exists already"),
    ):
        command = petition.add_parser(name, help=about)
        command.add_argument("file", type=Path, nargs="+", help="a TOML file, as in .chalice/petitions")
        command.set_defaults(run=action)
