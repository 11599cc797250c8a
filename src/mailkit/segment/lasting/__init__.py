"""How it stands with one person, and until when that holds though nothing more happens."""
