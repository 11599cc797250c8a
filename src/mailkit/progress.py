"""Progress of long work: rich's bar where a person is watching, a callable where an application is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

__all__ = ["Progress", "watch"]

Progress = Callable[[int, int], object]
"""Called with the steps done and the steps there are, after each change."""


@contextmanager
def watch(total: int, label: str, progress: Progress | Literal[False] | None) -> Iterator[Callable[[int], None]]:
    """Show how far work of `total` steps has come; the block calls what it gets with the steps done so far.

    Args:
        total: How many steps there are.
        label: What is being done, in a word or two.
        progress: Who is told. None is rich's bar on a terminal or in a notebook if the extra
            "report" is installed, else nobody; False is nobody.

    >>> seen = []
    >>> with watch(2, "sending", lambda done, total: seen.append((done, total))) as done:
    ...     done(1)
    ...     done(2)
    >>> seen
    [(1, 2), (2, 2)]
    """
    if callable(progress):
        tell = progress

        def told(steps: int) -> None:
            tell(steps, total)

        yield told
    elif progress is None and _somebody_watches():
        yield from _bar(total, label)
    else:
        yield lambda steps: None


def _somebody_watches() -> bool:
    in_notebook = "ipykernel" in sys.modules
    return in_notebook or sys.stderr.isatty()


def _bar(total: int, label: str) -> Iterator[Callable[[int], None]]:
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress
    except ImportError:
        yield lambda steps: None
        return
    columns = TextColumn("{task.description:>24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with RichProgress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total)
        yield lambda steps: bar.update(task, completed=steps)
