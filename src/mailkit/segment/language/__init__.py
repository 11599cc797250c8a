"""Segments as text: read with `parse`, written with `str`. The grammar is in "The language of segments"."""
