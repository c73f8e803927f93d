"""The JSON schemas of the models, by pydantic: what clients send, and what the API returns."""

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
from stack.openapi.docs import field_docs, one_line

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


def name_of(model: type) -> str:
    return NAMES.get(model, model.__name__)


def reference(model: type) -> JsonSchemaValue:
    return {"$ref": REFERENCE.format(model=name_of(model))}


def schemas(requests: Sequence[type], answers: Sequence[type]) -> dict[str, JsonSchemaValue]:
    """Return the schemas of these classes, and of all classes that these contain, by name."""
    adapters: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
        *((f"request {number}", "validation", TypeAdapter(each)) for number, each in enumerate(requests)),
        *((f"answer {number}", "serialization", TypeAdapter(each)) for number, each in enumerate(answers)),
    ]
    _, found = TypeAdapter.json_schemas(adapters, ref_template=REFERENCE, schema_generator=_Generator)
    names = {name_of(each) for each in (*requests, *answers)} | _names_used(found)
    return {name: _cleaned(schema) for name, schema in sorted(found["$defs"].items()) if name in names}


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
        is_kept = self.mode == "validation" and found.get("default") is not None
        return found if is_kept else {name: value for name, value in found.items() if name != "default"}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def get_defs_ref(self, core_mode_ref: CoreModeRef) -> DefsRef:
        """Replace a class by its name in the document. A reference is like `chalicelib.exports.model.Format:24`."""
        core_ref, mode = core_mode_ref
        path, colon, rest = core_ref.partition(":")
        return super().get_defs_ref((CoreRef(_NAME_BY_PATH.get(path, path) + colon + rest), mode))

    def _with_descriptions(self, schema: JsonSchemaValue, cls: type) -> JsonSchemaValue:
        """Add the descriptions of the class's fields. In answers (mode "serialization"), forbid unknown fields."""
        docs = field_docs(cls)
        for name, each in schema.get("properties", {}).items():
            each |= {"description": docs[name]} if name in docs else {}
        return {**schema, "additionalProperties": False} if self.mode == "serialization" else schema


def _cleaned(schema: JsonSchemaValue) -> JsonSchemaValue:
    """Return the schema without its title, and with its description in one line."""
    found = {name: value for name, value in schema.items() if name != "title"}
    return {**found, "description": one_line(found["description"])} if "description" in found else found


def _names_used(node: Any) -> set[str]:
    """Return the names of the schemas that the node refers to."""
    if isinstance(node, dict):
        own = {node["$ref"].rpartition("/")[2]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(_names_used, node.values()))
    return set().union(*map(_names_used, node)) if isinstance(node, list) else set()


_NAME_BY_PATH = {f"{cls.__module__}.{cls.__qualname__}": name for cls, name in NAMES.items()}
