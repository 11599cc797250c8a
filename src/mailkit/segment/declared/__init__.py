"""What fields and events there are, declared or found, and whether a segment fits that."""
