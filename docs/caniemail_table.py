"""Make `src/mailkit/compose/linting/data/support.tsv` of caniemail.com's data.

    npm pack caniemail && tar xzf caniemail-*.tgz
    python docs/caniemail_table.py package/dist/data/caniemail.json

The npm package carries the data of https://www.caniemail.com/api/data.json. Of each client the
latest version that was tested is taken.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

TABLE = Path(__file__).parents[1] / "src/mailkit/compose/linting/data/support.tsv"
FEWEST = 200  # features that a client must have been tested for


def main(source: str) -> None:
    data = json.loads(Path(source).read_text(encoding="utf-8"))
    features = sorted(data["data"], key=lambda feature: feature["slug"])
    clients = [client for client, count in _counted(features).items() if count >= FEWEST]
    lines = [
        f"# caniemail.com's data of {data['last_update_date'][:10]}",
        "# Copyright (c) 2019 HTeuMeuLeu, MIT licence: LICENSE-caniemail.txt. Made by docs/caniemail_table.py.",
        "# One letter for each client, in the order of the first row: y yes, a in part, n no, u unknown.",
        "feature\ttitle\ttested\t" + " ".join(_name(*client) for client in clients),
    ]
    for feature in features:
        cells = "".join(_latest(feature["stats"].get(family, {}).get(platform)) for family, platform in clients)
        lines.append("\t".join((feature["slug"], feature["title"], feature["last_test_date"], cells)))
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _counted(features: list[dict[str, dict[str, dict[str, object]]]]) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for feature in features:
        for family, platforms in feature["stats"].items():
            for platform in platforms:
                counts[family, platform] = counts.get((family, platform), 0) + 1
    return counts


def _name(family: str, platform: str) -> str:
    return "outlook-com" if platform == "outlook-com" else f"{family}-{platform}".replace("desktop-webmail", "web")


def _latest(versions: dict[str, str] | None) -> str:
    return next(iter(reversed(versions.values()))).split()[0] if versions else "u"


if __name__ == "__main__":
    main(*sys.argv[1:])
