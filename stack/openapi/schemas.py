"""The JSON schemas of the models, by pydantic: what clients send, and what the API returns."""

import json
import re
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import CoreModeRef, CoreRef, DefsRef, GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from chalicelib.edge.answers import FieldProblem, ProblemDetails, SiteHealth
from chalicelib.exports.answers import ShownExport, ShownExports
from chalicelib.exports.model import Column, Format
from chalicelib.health.words import Health
from chalicelib.people.answers import ResendResult
from chalicelib.petitions.answers import FullPetition, PossibleTransition, PublicCount, PublicPetition, PublicPetitions
from chalicelib.signatures.form import SignatureForm
from chalicelib.staff.answers import ShownToken, ShownTokens
from stack.openapi.petitions import DERIVED
from stack.openapi.views import field_docs, one_line

TEXT: JsonSchemaValue = {"type": "string"}
REFERENCE = "#/components/schemas/{model}"
# The name of a schema in the document, for classes that have a different name.
NAMES: dict[type, str] = {
    Column: "ExportColumn",
    FieldProblem: "FieldError",
    Format: "ExportFormat",
    Health: "HealthLevel",
    PossibleTransition: "Transition",
    ProblemDetails: "Problem",
    PublicCount: "Count",
    PublicPetition: "PetitionInShort",
    FullPetition: "Petition",
    PublicPetitions: "Petitions",
    ResendResult: "Resent",
    ShownExport: "Export",
    ShownExports: "Exports",
    ShownToken: "StaffToken",
    ShownTokens: "StaffTokens",
    SignatureForm: "Signature",
    SiteHealth: "Health",
}
_NAME_BY_PATH = {f"{cls.__module__}.{cls.__qualname__}": name for cls, name in NAMES.items()}


def name_of(model: type) -> str:
    return NAMES.get(model, model.__name__)


def reference(model: type) -> JsonSchemaValue:
    return {"$ref": REFERENCE.format(model=name_of(model))}


def schemas(requests: Sequence[type], answers: Sequence[type]) -> dict[str, JsonSchemaValue]:
    """Return the schemas of these classes, and of all classes that these contain, by name."""
    requests, answers = [_derived(model) for model in requests], [_derived(model) for model in answers]
    adapters: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = []
    for number, request in enumerate(requests):
        adapters.append((f"request {number}", "validation", TypeAdapter(request)))
    for number, answer in enumerate(answers):
        adapters.append((f"answer {number}", "serialization", TypeAdapter(answer)))
    _, found = TypeAdapter.json_schemas(adapters, ref_template=REFERENCE, schema_generator=_Generator)
    definitions = found["$defs"]
    names = {name_of(model) for model in (*requests, *answers)} | _names_used(found)
    # Leave out the other definitions: pydantic also defines classes to which no schema refers.
    return {name: _cleaned(definitions[name]) for name in sorted(names)}


def _derived(model: type) -> type:
    return DERIVED.get(model, model)


class _Generator(GenerateJsonSchema):
    """Add the descriptions of fields, and forbid unknown fields in answers.

    Leave out the titles of fields, the default null, and all defaults in answers.
    """

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return self._with_descriptions(super().model_schema(schema), schema["cls"])

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return self._with_descriptions(super().typed_dict_schema(schema), schema["cls"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        # The mode "validation" is for what clients send, "serialization" for answers.
        is_request = self.mode == "validation"
        if is_request and found.get("default") is not None:
            return found
        return _without(found, "default")

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def get_defs_ref(self, core_mode_ref: CoreModeRef) -> DefsRef:
        """Replace a class by its name in the document. A reference is like `chalicelib.exports.model.Format:24`."""
        core_ref, mode = core_mode_ref
        path, colon, rest = core_ref.partition(":")
        name = _NAME_BY_PATH.get(path, path)
        named_ref = CoreRef(name + colon + rest)
        return super().get_defs_ref((named_ref, mode))

    def _with_descriptions(self, schema: JsonSchemaValue, cls: type) -> JsonSchemaValue:
        docs = field_docs(cls)
        for name, each in schema.get("properties", {}).items():
            if name in docs:
                each["description"] = docs[name]
        is_answer = self.mode == "serialization"
        return {**schema, "additionalProperties": False} if is_answer else schema


def _cleaned(schema: JsonSchemaValue) -> JsonSchemaValue:
    found = _without(schema, "title")
    if "description" in found:
        found["description"] = one_line(found["description"])
    return found


def _without(schema: JsonSchemaValue, left_out: str) -> JsonSchemaValue:
    return {name: value for name, value in schema.items() if name != left_out}


def _names_used(found: JsonSchemaValue) -> set[str]:
    return set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(found)))
