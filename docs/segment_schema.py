"""Write the JSON Schema of segments to docs/_static/segment.schema.json.

    python docs/segment_schema.py

A test compares the file with what the code says.
"""

from __future__ import annotations

import json
from pathlib import Path

from mailkit.segment.stored.json_schema import segment_schema

if __name__ == "__main__":
    text = json.dumps(segment_schema(), ensure_ascii=False, indent=2)
    Path(__file__).with_name("_static").joinpath("segment.schema.json").write_text(f"{text}\n", "utf-8")
