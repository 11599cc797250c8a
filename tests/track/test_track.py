"""The package's public face."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mailkit import track


def test_every_public_name_is_there_and_documented():
    assert track.__all__ == sorted(track.__all__)
    assert len(track.__all__) <= 20
    for name in track.__all__:
        assert getattr(track, name).__doc__
        assert name in dir(track)


def test_a_name_that_is_not_there_is_told():
    with pytest.raises(AttributeError, match="has no attribute 'Trackr'"):
        track.Trackr  # noqa: B018


def test_importing_the_package_loads_nothing_else():
    code = (
        "import sys, mailkit.track; print([m for m in ('cryptography', 'jinja2', 'attrs', 'idna') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
