"""The schemas of petitions for staff, derived from the fields of the model `Petition`."""

from copy import copy
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from chalicelib.core.answers import Time, Version
from chalicelib.petitions import answers
from chalicelib.petitions.answers import PossibleTransition
from chalicelib.petitions.form import EDITABLE, HIDDEN_FIELDS
from chalicelib.petitions.model import Petition
from stack.openapi.views import field_docs

Schemas = dict[str, dict[str, Any]]

# The second setting: in answers, the fields that have a default are also required.
_NO_OTHER_FIELDS = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)

_SHOWN_FIELDS = tuple(name for name in Petition.model_fields if name not in HIDDEN_FIELDS)


def _fields(names: tuple[str, ...]) -> dict[str, Any]:
    docs = field_docs(Petition)
    fields = {}
    for name in names:
        field = copy(Petition.model_fields[name])  # A copy, because the model itself keeps its fields unchanged.
        field.description = docs.get(name)
        fields[name] = (field.annotation, field)
    return fields


NewPetition: type[BaseModel] = create_model(
    "NewPetition",
    __config__=_NO_OTHER_FIELDS,
    __doc__="A new petition. It starts as a draft. The default of `opened_at` is the time of the request.",
    **_fields(("slug", *EDITABLE)),
)
ManagedPetition: type[BaseModel] = create_model(
    "ManagedPetition",
    __config__=_NO_OTHER_FIELDS,
    __doc__="A petition as staff see it, in any state.",
    **_fields(_SHOWN_FIELDS),
    text_version=(Version, Field(description="A digest of title, text and target, in all languages.")),
    consent_version=(Version, Field(description="A digest of the wordings of both consents, in all languages.")),
    scheduled_opening=(
        Time | None,
        Field(description="When the petition opens by itself. Null if nothing is scheduled."),
    ),
    transitions=(list[PossibleTransition], Field(description="The states that it can change to.")),
)
_KEEP_BRACKETS = {
    "type": "boolean",
    "default": False,
    "description": (
        "An open petition may get text in [square brackets] outside its title and consents. Without this, the answer to"
        " such an edit is 422 with an error of this field, which names the texts."
    ),
}
# By the class that the views name. `with_schema_for_edits` makes the schema of the last.
DERIVED: dict[type, type] = {
    answers.NewPetition: NewPetition,
    answers.ManagedPetition: ManagedPetition,
    answers.PetitionEdited: create_model("PetitionEdited"),
}


def with_schema_for_edits(schemas: Schemas) -> Schemas:
    """Add PetitionEdited, and make `opened_at` optional in NewPetition (default: now).

    An edit has the fields of a new petition, those that it cannot change, and `keep_brackets`. The path has the slug.
    """
    new, shown = schemas["NewPetition"], schemas["ManagedPetition"]
    # The model requires it, but `read_new_petition` sets it if it is missing. An edit may omit it too.
    new["required"].remove("opened_at")
    edited = {
        **new,
        "description": "The whole petition after the edit. The other fields of `GET` may be included, unchanged.",
        "properties": shown["properties"] | new["properties"] | {"keep_brackets": _KEEP_BRACKETS},
        "required": [name for name in new["required"] if name != "slug"],
    }
    return {**schemas, "PetitionEdited": edited}
