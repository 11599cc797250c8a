"""Numbers that several rules share, each with its source."""

from __future__ import annotations

from typing import Final

__all__ = ["BUTTON_PX", "CLIP_BYTES", "STYLE_BYTES", "SUBJECT_LETTERS", "TARGET_PX"]

CLIP_BYTES: Final = 102 * 1024
"""Beyond this much HTML Gmail shows "[Message clipped]" (email-bugs 41)."""
STYLE_BYTES: Final = 16_384
"""All `<style>` elements together: what is beyond, Gmail drops (email-bugs 90)."""
SUBJECT_LETTERS: Final = 60
"""What a line of an inbox on a wide screen shows of a subject; a choice of ours."""
TARGET_PX: Final = 24
"""The least height and width of what is tapped (WCAG 2.2, 2.5.8, level AA)."""
BUTTON_PX: Final = 44
"""A height that is easy to tap (WCAG 2.2, 2.5.5, level AAA)."""
