import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.contacts.charset import decode
from mailkit.errors import InvalidValue, UnreadableFile

RUSSIAN = "Код;Имя;Город\n1;Анна Семёнова;Казань\n2;Борис Щукин;Санкт-Петербург\n"
CAPITALS = "КОД;ИМЯ;ГОРОД\n1;АННА СЕМЕНОВА;КАЗАНЬ\n2;БОРИС ЩУКИН;МОСКВА\n"
WESTERN = "id,name\n1,Jürgen Müller\n2,Zoë Lefèvre\n3,François à Paris\n"


@given(st.text())
def test_utf8_comes_back_as_it_was(text):
    decoded = decode(text.removeprefix("\ufeff").encode("utf-8", "replace"), source="x")
    assert decoded.encoding.startswith("utf-")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff")))
def test_a_byte_order_mark_is_believed_and_taken_away(text):
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        decoded = decode(mark + text.encode(name), source="x")
        assert decoded.text == text
        assert not decoded.is_guess


@given(st.binary())
def test_any_bytes_become_text(raw):
    assert isinstance(decode(raw, source="x").text, str)


@pytest.mark.parametrize("name", ["cp1251", "koi8-r", "cp866"])
@pytest.mark.parametrize("text", [RUSSIAN, CAPITALS, "Анна\n", "ул. Ленина, д. 5\n"])
def test_the_cyrillic_encodings_are_told_apart(name, text):
    decoded = decode(text.encode(name), source="x")
    assert (decoded.text, decoded.encoding, decoded.is_guess) == (text, name, True)


def test_ukrainian_in_cp1251_is_read():
    text = "Ім'я;Місто\nЗлатоїдка Євгенія;Київ\n"
    assert decode(text.encode("cp1251"), source="x").text == text


def test_western_names_are_read_as_cp1252():
    decoded = decode(WESTERN.encode("cp1252"), source="x")
    assert (decoded.text, decoded.encoding) == (WESTERN, "cp1252")


def test_utf16_without_a_mark_is_noticed():
    for name in ("utf-16-le", "utf-16-be"):
        decoded = decode(WESTERN.encode(name), source="x")
        assert (decoded.text, decoded.encoding, decoded.is_guess) == (WESTERN, name, True)


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [RUSSIAN, CAPITALS, "id;e\n", WESTERN + "4,a stray \x00\n"])
def test_utf16_in_cyrillic_without_a_mark_is_noticed_too(name, text):
    decoded = decode(text.encode(name), source="x")
    assert (decoded.text, decoded.encoding) == (text, name)


@pytest.mark.parametrize("stray", ["\x00", "\x00\x00", "\x00" * 7, "\x00a\x00", "\x00aa\x00aaa\x00a\x00"])
@pytest.mark.parametrize("text", ["email\na@b.co", WESTERN, RUSSIAN])
def test_a_stray_nul_does_not_make_another_encoding(text, stray):
    for found in (stray + text, text + stray, text[:9] + stray + text[9:]):
        for filling in ("", "x"):  # so that it stands in an odd and in an even place
            decoded = decode((filling + found).encode(), source="x")
            assert (decoded.text, decoded.encoding) == (filling + found, "utf-8")


def test_a_file_glued_from_two_exports_is_read_line_by_line():
    raw = RUSSIAN.encode() + "3;Вера;Омск\n".encode("cp1251")
    decoded = decode(raw, source="x")
    assert decoded.text == RUSSIAN + "3;Вера;Омск\n"
    assert (decoded.encoding, decoded.broken_lines) == ("utf-8", (4,))


def test_what_is_broken_in_utf16_is_told_by_line():
    raw = codecs.BOM_UTF16_LE + "a\nb".encode("utf-16-le") + b"\x00"
    assert decode(raw, source="x").broken_lines == (2,)


def test_a_given_encoding_is_used_and_no_guess():
    decoded = decode("é".encode("mac-roman"), source="x", encoding="mac-roman")
    assert (decoded.text, decoded.is_guess) == ("é", False)


def test_a_given_encoding_drops_the_mark_too():
    assert decode(codecs.BOM_UTF8 + b"id", source="x", encoding="utf-8").text == "id"


def test_a_given_encoding_that_does_not_fit_is_refused_with_the_place():
    with pytest.raises(
        UnreadableFile, match=r"x\.csv is not in the encoding 'utf-8' \(byte 4 is 0xc0\); leave encoding="
    ):
        decode("id;\nАнна".encode("cp1251"), source="x.csv", encoding="utf-8")


def test_a_codec_may_refuse_without_saying_where():
    with pytest.raises(UnreadableFile):
        decode(b"xn--\xff", source="x.csv", encoding="idna")


@pytest.mark.parametrize("name", ["utf-88", "rot13", "a\x00b", 5, b"utf-8"])
def test_an_unknown_encoding_is_refused(name):
    with pytest.raises(InvalidValue, match="is not a text encoding that Python knows"):
        decode(b"id", source="x", encoding=name)
