"""Bridges to what people already run. Each module needs the library after which it is named."""
