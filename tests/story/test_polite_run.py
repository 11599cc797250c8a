"""The example of a polite run comes through a SIGKILL: nothing is lost, and nothing is sent twice."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "polite_run.py"


def test_the_example_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLE), "--to", str(tmp_path / "new")]
    ran = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=120)
    told = ran.stdout
    assert ran.returncode == 0, ran.stderr
    assert "85 letters wait in the outbox" in told
    assert "the process was killed (code -9)" in told
    assert re.search(r"told: \S+ to gmail: slow to 60 in 0:01:00", told)
    assert "paused: 'spring wine'" in told
    assert "the server took 83 letters, 1 of each at most, 83 signatures" in told
    assert "in the outbox: 83 accepted, 2 bounced" in told
    assert "books-new at gmail: 10 places were given on 2026-03-02" in told
