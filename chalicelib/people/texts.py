"""What the answer to an access request says that a person signed and agreed to, in the versions that were signed.

A partner is an organisation that collects signatures elsewhere, with wordings of its own. A wording is what people
agree to. An access request asks for all data that we hold about a person.
"""

from chalicelib.aws.table import Tables
from chalicelib.partners.register import find_wording
from chalicelib.petitions.edit import versions
from chalicelib.petitions.find import texts_as_signed
from chalicelib.petitions.text import PetitionText, version_of
from chalicelib.signatures.look_up import StoredSignature


def signed_texts(stored: list[StoredSignature], tables: Tables) -> dict[str, PetitionText]:
    """Return the petitions' texts as the person signed them, by slug. Leave out a text that we no longer know.

    `stored`: the signatures of one address, at most one for each petition.
    """
    versions_by_slug = {}
    for each in stored:
        versions_by_slug[each.petition.slug] = (each.signature.text_version, each.signature.consent_version)
    texts = texts_as_signed(versions_by_slug, tables)
    for each in stored:
        if each.petition.slug not in texts and each.signature.receipt:  # A partner sent it.
            text = _text_with_partners_wording(each, tables)
            if text is not None:
                texts[each.petition.slug] = text
    return texts


def _text_with_partners_wording(stored: StoredSignature, tables: Tables) -> PetitionText | None:
    """Return the text in the person's language, with the partner's wording. `updates_wording`: "", as it is unknown."""
    signature = stored.signature
    wording = find_wording(signature.source or "", signature.consent_version, tables)
    # `consent_version` is the partner's, so no stored text has it. Take any text with the same text version: these
    # texts differ only in our own wordings, which `changes` replaces.
    same_text = [text for text in versions(stored.petition, tables) if text.text_version == signature.text_version]
    if wording is None or not same_text:
        return None
    version = version_of(signature.text_version, signature.consent_version)
    changes = {"version": version, "sign_wording": wording, "updates_wording": "", "translations": {}}
    return same_text[-1].in_language(signature.language).model_copy(update=changes)
