"""Which names and postcodes are accepted."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from chalicelib.signatures.names import clean_name, clean_postcode, greeting_name


@pytest.mark.parametrize(
    "name",
    [
        "Zoë O'Neill", "अनीता देवी", "محمد علی", "李小龍", "Ольга", "J.R.R. Tolkien", "Dr. Anna-Lena Weiß", "Ng",
        "می\u200cخواهم", "Jean-Luc d'Arc", "Sammy Davis, Jr.", "Nguyễn Thị Minh Khai", "ひらがな", "Å",
        "St. John Smith", "Jan van.der.Berg", "Prof.dr.Schmidt", "Anne.marie", "Mary.Jane Watson", "Marcel·lí",
    ],
)  # fmt: skip
def test_names_of_any_script_are_accepted(name: str) -> None:
    assert clean_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("pasted", ["\ufeffZoë", "Zoë\u200b", "\u202aZoë\u202c", "\u2068 Zoë\u2069", "\u00adZoë\u2060"])
def test_invisible_characters_that_copying_adds_around_a_name_are_removed(pasted: str) -> None:
    assert clean_name(pasted) == "Zoë"


@pytest.mark.parametrize("name", ["", "   ", "\u200d", "\u3000", "123", "!!!", "😀"])
def test_a_name_needs_a_letter(name: str) -> None:
    with pytest.raises(ValueError, match=r"^Enter your name"):
        clean_name(name)


def test_a_name_has_at_most_a_hundred_characters() -> None:
    assert clean_name("a" * 100) == "a" * 100
    with pytest.raises(ValueError, match="100 characters or fewer"):
        clean_name("a" * 101)
    assert clean_name(" " * 50 + "a" * 100 + " " * 50) == "a" * 100


@pytest.mark.parametrize("start", [" =", " +", " -", " @", "\u200d=", "\u200c@", "\u200e\u200d+"])
def test_a_name_that_starts_a_spreadsheet_formula_is_refused(start: str) -> None:
    with pytest.raises(ValueError, match="must not start with"):
        clean_name(f"{start}SUM(A1)")


@pytest.mark.parametrize(
    "control",
    [
        *("\n", "\r", "\t", "\x00", "\x1b", "\x7f", "\x85", "\u202e", "\u200b", "\ufeff", "\u2028", "\u2029"),
        # An email program would show what this encoded word says.
        " =?utf-8?b?V2luIGh0dHA6Ly9ldmlsLmNvbS94IG5vdw==?=",
    ],
)
def test_control_characters_and_encoded_words_in_a_name_are_refused(control: str) -> None:
    with pytest.raises(ValueError, match="using letters"):
        clean_name(f"Alice{control}Bob")


@pytest.mark.parametrize(
    "name",
    [
        "See https://evil.example/x", "www.evil.example", "Win at evil.com", "evil.co.uk", "HTTP://EVIL", "Bob evil.RU",
        "bit.ly/3xyz", "t.me/scam", "evil.de/win", "evil.app/x",
        "evil.de now", "evil.example", "mailto:a@b.c", "javascript:alert(1)", "a@evil.de",
        "Pay now at казино.рф", "сайт.рф", "t.me", "x.ai", "WIN.CASINO", "evil。com", "evil．com", "购物.中国",
        "e\u200dvil.c\u200dom", "evil\u2024com", "Prof.win.casino", "X.Com", "T.Co", "//evil", "evil[.]com",
        "evil.ćom", "1.2.3.4/x", "data:x", "xn--evil",
    ],
)  # fmt: skip
def test_a_link_in_a_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="without a web address"):
        clean_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "Alice",
        "Dr. Anna-Lena Weiß",
        "J.R.R. Tolkien",
        "李小龍",
        "अनीता देवी",
        "Sammy Davis, Jr.",
        "Dr. Bank",
        "Gal·la Puig",
        "alice smith",
        "ALICE SMITH",
        "Ludwig van der Rohe",
        "María de los Ángeles",
        "محمد بن سلمان",
        "Mary J. O'Brien",
    ],
)
def test_an_email_may_contain_an_ordinary_name(name: str) -> None:
    assert greeting_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "Call 0800 123", "Pay now or you will regret it", "立即付款给我们的银行账户", "Prof.dr.Schmidt", "Win! Now",
        "a" * 41, "A £1 prize", "Send cash to Bob", "send cash bob", "SEND CASH BOB", "Вышли денег Бобу",
        "Win at evil .com", "evil. com", "evil·com",
    ],
)  # fmt: skip
def test_a_name_that_may_be_a_message_is_left_out_of_emails(name: str) -> None:
    assert clean_name(name) == name
    assert greeting_name(name) == ""


@given(st.text(max_size=120))
def test_cleaning_a_clean_name_changes_nothing(typed: str) -> None:
    try:
        name = clean_name(typed)
    except ValueError:
        return
    assert clean_name(name) == name
    assert 1 <= len(name) <= 100
    assert len(name.splitlines()) == 1
    assert name[0] not in "=+-@"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("sw1a1aa", "SW1A 1AA"), (" m1  1ae ", "M1 1AE"), ("CR2 6XH", "CR2 6XH"), ("dn551pt", "DN55 1PT"),
        ("w1a0ax", "W1A 0AX"), ("ec1a 1bb", "EC1A 1BB"), ("gir 0aa", "GIR 0AA"), ("", None), ("  ", None),
        ("SW1A-1AA", "SW1A 1AA"), ("sw1a–1aa", "SW1A 1AA"), ("SW1A 1AA.", "SW1A 1AA"), ("S.W.1.A 1.A.A", "SW1A 1AA"),
        ("SWIA 1AA", "SW1A 1AA"), ("swla laa", "SW1A 1AA"), ("SW1A OAA", "SW1A 0AA"), ("MI 1AE", "M1 1AE"),
        ("M1O 1AE", "M1O 1AE"), ("BFPO 61", "BFPO 61"), ("bfpo61", "BFPO 61"), ("BFPO c/o 61", "BFPO 61"),
        ("BF1 2AB", "BF1 2AB"), ("sw1a\u00a01aa", "SW1A 1AA"), ("\u202asw1a 1aa\u202c", "SW1A 1AA"),
        ("SW1A 1AA\u200b", "SW1A 1AA"),
    ],
)  # fmt: skip
def test_a_uk_postcode_is_stored_in_its_usual_form(typed: str, stored: str | None) -> None:
    assert clean_postcode(typed, "GB") == stored


@pytest.mark.parametrize(
    "typed",
    ["12345", "SW1A", "SW1A 1A", "SW1A 1AAA", "1AA SW1A", "SW1A 1CI", "=SW1A 1AA", "ＳＷ1A 1AA", "LLI 1AA", "BFPO"],
)
def test_an_invalid_uk_postcode_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="UK postcode"):
        clean_postcode(typed, "GB")


def test_other_countries_have_their_own_postcodes() -> None:
    assert clean_postcode("1012 ab", "NL") == "1012 AB"
    assert clean_postcode("d02 af30", "IE") == "D02 AF30"
    assert clean_postcode("1000–001", "PT") == "1000-001"


@pytest.mark.parametrize("typed", ["=1+1", "-5", "@x", "12<script>", "1" * 21, "дом 1", "a\x00b"])
def test_a_foreign_postcode_has_only_letters_digits_spaces_and_hyphens(typed: str) -> None:
    with pytest.raises(ValueError, match="Enter a postcode"):
        clean_postcode(typed, "NL")
