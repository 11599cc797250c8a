"""Write `docs/reference/lint.md` of the rules: `python docs/lint_page.py`."""

from __future__ import annotations

import re
from pathlib import Path

from mailkit.compose.linting.clients import DEFAULT_CLIENTS, support
from mailkit.compose.linting.rules import RULES, Rule
from mailkit.compose.linting.support import BREAKS_SHARE, DIFFERS_SHARE

_PLACE = re.compile(r"\{[^{}]*\}")
PAGE = Path(__file__).parent / "reference" / "lint.md"


def page() -> str:
    """The page's text."""
    clients = ", ".join(f"{name} {share:.0%}" for name, share in DEFAULT_CLIENTS.items())
    rows = "\n".join(f"| `{code}` | {rule.severity} | {_cells(rule)} |" for code, rule in RULES.items())
    return f"""# What `lint` looks for

All rules, made from the table in `mailkit.compose.linting.rules` by `docs/lint_page.py`; … stands for what differs from
letter to letter. Switch one off with `compose.lint(letter, without=["compose.small-text"])`. `compose.dry_render` and
`compose.check_links` speak by the last rules of the table.

*What clients show* (`compose.unsupported`, `compose.differs`) rests on the data of caniemail.com of
{support().date} ({len(support().features)} features, {len(support().clients)} clients; MIT licence). It is told
where content is lost for {BREAKS_SHARE:.0%} of the readers, and where a letter looks plainer for {DIFFERS_SHARE:.0%}.
Say which clients yours use: `lint(letter, clients={{"gmail": 0.5, "outlook-windows": 0.1}})`. If you do not know, this
is assumed, which nobody measured on your list: {clients}.

| code | severity | what is the matter | what to do | source |
|---|---|---|---|---|
{rows}
"""


def _cells(rule: Rule) -> str:
    return " | ".join(_cell(text) for text in (_PLACE.sub("…", rule.message), rule.mend, rule.source))


def _cell(text: str) -> str:
    return re.sub(r"(<[^<>]+>|\{\{[^{}]+\}\}|\{)", r"`\1`", text.replace("|", "\\|"))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
