"""What the answer to an access request says that a person signed and agreed to, in the versions that were signed.

A partner collects signatures elsewhere, with wordings of its own. An asked letter (`letter_asked`) was typed by
somebody with the person's address: our email asks the person whether to send it.
"""

from typing import TYPE_CHECKING

from chalicelib.aws.table import Item, Tables
from chalicelib.core.letter_keys import letter_delivery
from chalicelib.letters.deliveries import LETTERS
from chalicelib.partners.register import find_wording
from chalicelib.petitions.edit import versions
from chalicelib.petitions.find import letter_as_signed, letter_targets, texts_as_signed
from chalicelib.petitions.text import PetitionText, version_of
from chalicelib.signatures.letter import SignedLetter, letter_texts
from chalicelib.signatures.look_up import StoredSignature

if TYPE_CHECKING:
    from chalicelib.people.answers import AgreedLetter, HeldLetter, LetterDelivery


def signed_texts(stored: list[StoredSignature], tables: Tables) -> dict[str, PetitionText]:
    """Leave out a text that we no longer know. `stored`: the signatures of one address."""
    signed = {each.petition.slug: (each.signature.text_version, each.signature.consent_version) for each in stored}
    texts = texts_as_signed(signed, tables)
    for each in stored:
        if each.petition.slug not in texts and each.signature.receipt:  # A partner sent it.
            text = _text_with_partners_wording(each, tables)
            if text is not None:
                texts[each.petition.slug] = text
        if each.signature.updates_version and each.petition.slug in texts:
            texts[each.petition.slug] = _with_later_wording(each, texts[each.petition.slug], tables)
    return texts


def _with_later_wording(stored: StoredSignature, text: PetitionText, tables: Tables) -> PetitionText:
    """Return the text with the wording of updates that the person agreed to after the confirmation ("": unknown)."""
    version, language = f".{stored.signature.updates_version}", stored.signature.language
    shown = [each for each in versions(stored.petition, tables) if each.version.endswith(version)]
    wording = shown[-1].in_language(language).updates_wording if shown else ""
    return text.in_language(language).model_copy(update={"updates_wording": wording, "translations": {}})


def _text_with_partners_wording(stored: StoredSignature, tables: Tables) -> PetitionText | None:
    signature = stored.signature
    wording = find_wording(signature.source or "", signature.consent_version, tables)
    # `consent_version` is the partner's, so no stored text has it. Texts with this text version differ only in our own
    # wordings, which `changes` replaces.
    same_text = [text for text in versions(stored.petition, tables) if text.text_version == signature.text_version]
    if wording is None or not same_text:
        return None
    version = version_of(signature.text_version, signature.consent_version)
    changes = {"version": version, "sign_wording": wording, "updates_wording": "", "translations": {}}
    return same_text[-1].in_language(signature.language).model_copy(update=changes)


def letters_of(stored: list[StoredSignature], tables: Tables) -> "dict[str, HeldLetter]":
    """Return the person's letters by slug. `stored`: the signatures of one address.

    If only the petition has a letter, `agreed` is None: the person sends none. A delivery stays stored if a withdrawal
    removes the letter, or if staff remove the petition's.
    """
    letters: dict[str, HeldLetter] = {}
    for each in stored:
        petition, signature = each.petition, each.signature
        has_letter = bool(petition.letter or signature.letter or signature.letter_asked)
        # A withdrawal removed the letter, perhaps after we sent it. `withdrawn_at` stays if the person signs again.
        may_have_deliveries = has_letter or signature.withdrawn_at is not None
        deliveries = _deliveries(each, tables) if may_have_deliveries else []
        if has_letter or deliveries:
            letters[petition.slug] = {
                "agreed": _letter_in_full(each, signature.letter, tables),
                "asked": _letter_in_full(each, signature.letter_asked, tables),
                "deliveries": deliveries,
            }
    return letters


def _letter_in_full(stored: StoredSignature, signed: SignedLetter | None, tables: Tables) -> "AgreedLetter | None":
    """`signed` has what the person changed. The opening is the paragraph after "Dear …"."""
    if signed is None:
        return None
    letter_version = letter_as_signed(stored.petition.slug, signed.version, tables)
    petition_letter = letter_version.in_language(stored.signature.language)
    words = letter_texts(petition_letter, signed)
    return {
        "version": signed.version,
        "subject": words["subject"],
        "opening": words["opening"],
        "body": words["body"],
        "targets": [target.name for target in petition_letter.targets],
        "send_wording": petition_letter.send_wording,
        "reply": signed.reply,
        "reply_wording": petition_letter.reply_wording,
    }


def _deliveries(stored: StoredSignature, tables: Tables) -> "list[LetterDelivery]":
    """It stays after a withdrawal, so that no letter is sent twice. Include targets that staff have removed."""
    found = []
    names = letter_targets(stored.petition.slug, tables)
    # If staff go back to an older version, it is not stored again, so the newest version is not the current one.
    if stored.petition.letter:
        names |= {target.key: target.name for target in stored.petition.letter.targets}
    for target_key, target_name in names.items():
        delivery_key = letter_delivery(stored.petition.slug, target_key, stored.signature_id)
        item = tables.get(LETTERS.item_key(delivery_key))
        if item:
            found.append(_delivery(target_name, item))
    return found


def _delivery(target_name: str, item: Item) -> "LetterDelivery":
    return {
        "target": target_name,
        "member": item.get("member"),
        "waiting_since": item.get("mail_requested_at"),
        "sent_at": item.get("mailed_at"),
        "perhaps_sent_at": item.get("mail_unknown_at"),
        # The day of the daily digest that counts this letter, and the first letters of the person's postcode.
        "in_digest_of": item.get("digest"),
        "area": item.get("digest_area"),
        "undeliverable": item.get("undeliverable"),
    }
