"""The petition as a person confirmed it, for the receipt: staff may edit the petition before the receipt is sent."""

from chalicelib.aws.table import Tables
from chalicelib.petitions.find import letter_as_signed, texts_as_signed
from chalicelib.petitions.model import Petition
from chalicelib.petitions.text import PetitionText, version_of
from chalicelib.signatures.model import Signature

# The texts of a petition that a PetitionText keeps.
TEXTS = [name for name in PetitionText.model_fields if name in Petition.model_fields]


def as_confirmed(petition: Petition, signature: Signature, tables: Tables) -> Petition:
    """Return the petition with the texts, and the letter's wordings, that the person agreed to.

    The returned petition has its letter only in the person's language, and its other texts in all languages. So its
    translations have no letter: otherwise, when the caller translates the petition (`in_language`), the translation's
    letter would replace the agreed one. This reads the table only if staff have edited the texts since.
    """
    letter = petition.in_language(signature.language or petition.language).letter
    signed_letter = signature.letter
    if letter and signed_letter and signed_letter.version != petition.letter_version:
        version = letter_as_signed(petition.slug, signed_letter.version, tables)
        letter = version.in_language(signature.language)  # None: the main language of that version.
    versions = (signature.text_version, signature.consent_version)
    text = None
    if version_of(*versions) != petition.version:
        text = texts_as_signed({petition.slug: versions}, tables).get(petition.slug)
    changes = {name: getattr(text or petition, name) for name in TEXTS}
    translations = changes["translations"].items()
    without_letters = {code: translation.model_copy(update={"letter": None}) for code, translation in translations}
    return petition.model_copy(update={**changes, "translations": without_letters, "letter": letter})
