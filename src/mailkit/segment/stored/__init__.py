"""Segments as JSON, and the JSON Schema of that."""
