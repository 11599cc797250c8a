"""Files of letters: text in the encoding that they name, and nothing from outside their folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.compose.files import LONGEST_FILE, Folder, read_text
from mailkit.errors import UnreadableFile

ENCODINGS = ("windows-1251", "koi8-r", "utf-8", "UTF-8", "cp866", "gb18030", "shift_jis", "euc-kr", "iso-8859-5")
CYRILLIC = st.text("абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕ ,.", min_size=1, max_size=40)


def written(folder: Path, data: bytes, name: str = "letter.html") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@given(encoding=st.sampled_from(ENCODINGS[:3]), text=CYRILLIC)
def test_a_text_comes_out_as_it_went_in_whatever_encoding_it_names(
    encoding: str, text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    html = f'<html><head><meta charset="{encoding}"></head><p>{text}</p>'
    assert read_text(written(tmp_path_factory.mktemp("e"), html.encode(encoding))) == html


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "named",
    ["<meta charset={}>", '<META http-equiv="Content-Type" content="text/html; charset={}">', "<?xml encoding='{}'?>"],
)
def test_an_encoding_may_be_named_in_three_ways(encoding: str, named: str, tmp_path: Path) -> None:
    named = named.replace("<?xml", "<?xml version='1.0'")
    text = {"shift_jis": "日本語", "euc-kr": "한국어", "gb18030": "中文"}.get(encoding, "Привет, мир")
    html = named.format(encoding) + text
    assert read_text(written(tmp_path, html.encode(encoding))) == html


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-be"])
def test_a_byte_order_mark_settles_it(encoding: str, tmp_path: Path) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    path = written(tmp_path, f"{mark}<meta charset=koi8-r>Ёж".encode(encoding))
    assert read_text(path) == "<meta charset=koi8-r>Ёж"


def test_what_can_be_utf_8_is_whatever_8_bit_encoding_it_names(tmp_path: Path) -> None:
    assert "Ёж" in read_text(written(tmp_path, "<meta charset=windows-1251>Ёж".encode()))
    assert "Ёж" in read_text(written(tmp_path, "<meta charset=utf-16>Ёж".encode()))


def test_latin_1_is_read_as_browsers_read_it(tmp_path: Path) -> None:
    assert "“5 €”" in read_text(written(tmp_path, b"<meta charset=iso-8859-1>\x935 \x80\x94"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("<p>\nПривет".encode("cp1251"), r"is not UTF-8 \(line 2 has the byte 0xcf\) and names no other encoding"),
        (b"<meta charset=klingon>\xff", "names the encoding 'klingon', which is none"),
        (b"<meta charset=hex>\xff", "names the encoding 'hex', which is none"),
        (b"<meta charset=shift_jis>\xff\xff", "is not in shift_jis, which it names"),
        (b"\x89PNG\r\n\x1a\n\x00", "is a picture and not text"),
        (b"\x01abc", r"is not text: line 1 holds the control character"),
        (b"a\nb\x00", "line 2 holds the control character"),
    ],
)
def test_what_is_no_text_is_told_with_its_line(data: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=reason) as caught:
        read_text(written(tmp_path, data))
    assert caught.value.source == "letter.html"


def test_a_file_must_be_one_and_of_a_letters_size(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path / "x.html", "is not there"),
        (tmp_path, "is not a file"),
        ("x" * 5_000, "cannot be read"),
    ):
        with pytest.raises(UnreadableFile, match=reason):
            read_text(path)
    with pytest.raises(UnreadableFile, match="more than 10,000,000 bytes"):
        read_text(written(tmp_path, b" " * (LONGEST_FILE + 1)))


def test_a_folder_gives_its_files_as_jinja_reads_them(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    written(tmp_path, b"<p>\r\n", "parts/footer.html")
    assert Folder(tmp_path).read("parts/footer.html") == "<p>"


@pytest.mark.parametrize(
    "name", ["../secret.html", "/etc/passwd", "parts/../../secret.html", "", ".", "a//b", "C:/x", "..\\x", "a\0", "./a"]
)
def test_no_name_leads_outside_of_the_folder(name: str, tmp_path: Path) -> None:
    written(tmp_path, b"x", "secret.html")
    (tmp_path / "letters").mkdir()
    with pytest.raises(UnreadableFile, match=r"is not a path below the letter.s folder"):
        Folder(tmp_path / "letters").read(name)


def test_a_link_to_itself_and_a_folder_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "ring.html").symlink_to(tmp_path / "ring.html")
    (tmp_path / "parts.html").mkdir()
    for name, reason in (("ring.html", "cannot be read|is not in"), ("parts.html", r"is not in [^;]*\Z")):
        with pytest.raises(UnreadableFile, match=reason):
            Folder(tmp_path).read(name)


def test_no_link_leads_outside_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "x.html").symlink_to(written(tmp_path, b"x", "secret.html"))
    with pytest.raises(UnreadableFile, match="leads outside of"):
        Folder(tmp_path / "letters").read("x.html")


def test_a_name_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    written(tmp_path, b"x", "footer.html")
    with pytest.raises(UnreadableFile, match=r"did you mean .footer\.html."):
        Folder(tmp_path).read("foter.html")
    for number in range(2_100):
        (tmp_path / f"{number}.x").touch()
    with pytest.raises(UnreadableFile, match="is not in"):
        Folder(tmp_path).read("something else")


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"PK\x03\x04", "an archive, as Word"),
        (b"\xd0\xcf\x11\xe0", "an old Word"),
        (b"{\\rtf1", "RTF"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x89PNG\r\n", "a picture"),
    ],
)
def test_a_file_of_another_kind_is_called_by_it(tmp_path: Path, start: bytes, kind: str) -> None:
    path = tmp_path / "letter.html"
    path.write_bytes(start)
    with pytest.raises(UnreadableFile, match=rf"is .*{kind}.* and not text"):
        read_text(path)


def test_a_file_that_is_not_there_is_looked_for_among_those_beside_it(tmp_path: Path) -> None:
    (tmp_path / "welcome.html").write_text("x")
    with pytest.raises(UnreadableFile, match=r"welcom\.html is not there .*did you mean 'welcome\.html'"):
        read_text(tmp_path / "welcom.html")
    with pytest.raises(UnreadableFile, match="nor is its folder"):
        read_text(tmp_path / "nowhere" / "welcome.html")
