"""All ready letters, rendered for a made-up record: `python examples/ready_letters.py --to letters`."""

from __future__ import annotations

import argparse
import inspect
from pathlib import Path

from mailkit import compose
from mailkit.compose import letters


def main() -> None:
    """Write each letter as HTML and text, in each language, and print its subject."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=Path("letters"), help="the folder to write to")
    folder: Path = parser.parse_args().to
    ready = {name: getattr(letters, name) for name in letters.__all__ if not name.startswith("sample")}
    for lang in letters.LANGUAGES:
        brand, record = letters.sample_brand(lang), letters.sample(lang)
        place = folder / lang
        place.mkdir(parents=True, exist_ok=True)
        for name, make in ready.items():
            if not inspect.isfunction(make):
                continue
            message = compose.compile(make(brand, lang=lang), fields=record).render(record)
            (place / f"{name}.html").write_text(message.html, encoding="utf-8")
            (place / f"{name}.txt").write_text(message.text, encoding="utf-8")
            print(f"{lang} {name}: {message.subject}")


if __name__ == "__main__":
    main()
