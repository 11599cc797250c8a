"""Answers for people: why somebody is in, what each condition leaves, how segments overlap, and how it all looks."""
