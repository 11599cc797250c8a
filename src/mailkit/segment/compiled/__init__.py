"""Running segments again and again, or over many people: generated code, and an index over events."""
