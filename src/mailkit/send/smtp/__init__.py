"""Conversations with mail servers (RFC 5321)."""
