"""What mailkit does from a terminal."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mailkit.cli import main


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    assert {"preview", "lint"} <= set(capsys.readouterr().out.split())


def test_a_command_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_lint_says_what_is_wrong_and_by_its_status_whether_it_must_be_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "letter.html"
    path.write_text('<title>Hello</title><p>Hello</p><img src="https://shop.example.com/a.png">')
    status = main(["lint", str(path)])
    lines = capsys.readouterr().out.splitlines()
    assert any("alt" in line for line in lines)
    assert status == int(any(line.startswith("error") for line in lines))


def test_an_error_is_one_line_and_not_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(tmp_path / "none.html")]) == 2
    assert capsys.readouterr().err.startswith("mailkit: none.html is not there")


def test_python_finds_the_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mailkit", "preview", "--help"], capture_output=True, text=True, check=True
    )
    assert "127.0.0.1 only" in done.stdout
    assert "`letter` is a compose.Letter" in done.stdout


LETTER = "from mailkit import compose\nfrom mailkit.compose import blocks as b\n"


def linted(path: Path, *more: str) -> int:
    return main(["lint", str(path), *more])


def test_lint_says_that_there_is_nothing_to_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "receipt.json"
    path.write_text('{"version": 1, "subject": "Your receipt", "blocks": [{"type": "text", "text": "Paid."}]}')
    assert linted(path) == 1
    assert "compose" not in capsys.readouterr().out
    assert linted(path, "--transactional", "--without", "missing-preheader, missing-action") == 0
    assert capsys.readouterr().out == "no findings\n"


def test_lint_takes_what_the_function_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "letter.html"
    path.write_text("<title>Sale</title><p>{{ name }}")
    linted(path, "--sender", "noreply@shop.example.com", "--fields", "nmae", "--clients", "gmail=0.5,mail-ru=0.3")
    out = capsys.readouterr().out
    assert "nobody can answer" in out
    assert "did you mean 'nmae'" in out
    assert linted(path, "--clients", "gmial=1") == 2
    assert "did you mean 'gmail'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        linted(path, "--clients", "gmail")


def test_an_error_in_the_authors_file_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "shop.py"
    path.write_text(LETTER + "1 / 0\n")
    assert linted(path) == 2
    assert capsys.readouterr().err == "mailkit: shop.py, line 3: ZeroDivisionError: division by zero\n    1 / 0\n"
    path.write_text("x = 1\n")
    assert linted(path) == 2
    assert "shop.py defines no `letter` and no `template`; write letter = " in capsys.readouterr().err


@pytest.mark.parametrize("records", [False, True])
def test_preview_shows_no_file_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], records: bool
) -> None:
    (tmp_path / "welcome.html").write_text("<title>x</title>")
    names = ["welcome.html", "--records", str(tmp_path / "welcom.csv")] if records else ["welcom.html"]
    assert main(["preview", str(tmp_path / names[0]), *names[1:]]) == 2
    assert "did you mean 'welcome.html'?" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["preview", "lint"])
def test_every_option_has_its_row_in_the_reference(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        main([command, "--help"])
    options = set(re.findall(r"--[a-z]+", capsys.readouterr().out)) - {"--help"}
    of_command = page.partition(f"## mailkit {command}")[2].partition("\n## ")[0]
    common = page.partition("## mailkit")[0]
    assert set(re.findall(r"\| `(--[a-z]+)", of_command + common)) == options
