"""What people write out of habit, from SQL, Python or plain English, to what is to be written."""

from __future__ import annotations

from typing import Final

__all__ = [
    "AFTER_EVENTS",
    "AFTER_VALUE",
    "AS_EVENTS",
    "AS_NUMBER",
    "AS_UNIT",
    "FUNCTIONS",
    "SIGNS",
]

SIGNS: Final = {
    "==": "=",
    "===": "=",
    ":=": "=",
    ":": "=",
    "=>": ">=",
    "≥": ">=",
    "=<": "<=",
    "≤": "<=",
    "<>": "!=",
    "!==": "!=",
    "≠": "!=",
    "~=": "matches",
    "=~": "matches",
    "!~": "not ... matches",
    "&&": "and",
    "&": "and",
    "||": "or",
    "|": "or",
    "!": "not",
    "~": "not",
    "−": "-",
    "–": "-",
    "[": "(",
    "]": ")",
    ";": ",",
}
"""Signs of other languages."""

_CONTAINS: Final = 'contains "..."'
_SEARCHED: Final = 'contains "...", starts with "..." or ends with "..."'
_MATCHES: Final = 'matches "..."'
AFTER_VALUE: Final = {
    "like": _SEARCHED,
    "ilike": f"casefold(...) {_CONTAINS}",
    "rlike": _MATCHES,
    "regexp": _MATCHES,
    "regex": _MATCHES,
    "match": _MATCHES,
    "equals": "=",
    "equal": "=",
    "eq": "=",
    "isnt": "!=",
    "ne": "!=",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "has": _CONTAINS,
    "include": _CONTAINS,
    "includes": _CONTAINS,
    "startswith": 'starts with "..."',
    "begins": 'starts with "..."',
    "endswith": 'ends with "..."',
    "isnull": "is null",
    "isna": "is null",
    "empty": "is null",
    "missing": "is null",
    "exists": "is not null",
    "notnull": "is not null",
    "isnotnull": "is not null",
    "known": "is not null",
    "within": "> 30 days ago",
    "at": "the number first: at least 2 purchase",
}
"""Words after a value."""

_ANNIVERSARY: Final = 'anniversary of born today in "Europe/Moscow"'
_DAY: Final = 'between start of day in "Europe/Moscow" and now'
AFTER_EVENTS: Final = {
    "in": "within last 30 days",
    "during": "within last 30 days",
    "over": "within last 30 days",
    "for": "within last 30 days",
    "last": "within last 30 days",
    "from": "since ...",
    "after": "since ...",
    "until": "before ...",
    "till": "before ...",
    "on": "between ... and ...",
    "with": "where (...)",
    "having": "where (...)",
    "followed": "then ...",
    "this": 'between start of month in "Europe/Moscow" and now',
    "previous": 'between start of month - 1 in "Europe/Moscow" and start of month in "Europe/Moscow"',
    "today": _DAY,
    "yesterday": 'between start of day - 1 in "Europe/Moscow" and start of day in "Europe/Moscow"',
    "ever": "nothing, any time is meant then",
}
"""Words after events."""

AS_EVENTS: Final = {
    "did": "any",
    "some": "any",
    "exists": "any",
    "has": "any",
    "every": "any",
    "never": "no",
    "none": "no",
    "without": "no",
    "zero": "no",
    "atleast": "at least",
    "atmost": "at most",
    "minimum": "at least",
    "maximum": "at most",
    "more": "at least",
    "over": "at least",
    "less": "at most",
    "fewer": "at most",
    "under": "at most",
    "count": "at least",
    "if": "city = ...",
    "select": "city = ...",
    "first": "first(at of ...)",
    "last": "last(at of ...)",
    "sum": "sum(value of ...)",
    "avg": "avg(value of ...)",
    "average": "avg(value of ...)",
    "total": "sum(value of ...)",
}
"""Words before events."""

AS_NUMBER: Final = {
    "a": "1",
    "an": "1",
    "once": "1",
    "one": "1",
    "twice": "2",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
}
"""Numbers in words."""

AS_UNIT: Final = {
    "s": "seconds",
    "sec": "seconds",
    "secs": "seconds",
    "min": "minutes",
    "mins": "minutes",
    "h": "hours",
    "hr": "hours",
    "hrs": "hours",
    "d": "days",
    "w": "weeks",
    "wk": "weeks",
    "wks": "weeks",
    "mo": "months",
    "mos": "months",
    "mth": "months",
    "y": "years",
    "yr": "years",
    "yrs": "years",
    "quarter": "3 months",
    "quarters": "3 months",
    "fortnight": "2 weeks",
}
"""Units of time in short."""

FUNCTIONS: Final = {
    "lower": "casefold(...)",
    "lcase": "casefold(...)",
    "upper": "casefold(...)",
    "ucase": "casefold(...)",
    "len": "size(...)",
    "length": "size(...)",
    "count": "at least 2 purchase, or size(...) of a list",
    "mean": "avg(...)",
    "average": "avg(...)",
    "total": "sum(...)",
    "unique": "distinct(...)",
    "dow": "weekday(...)",
    "dayofweek": "weekday(...)",
    "day_of_week": "weekday(...)",
    "time": "clock(...)",
    "hash": 'bucket(id, "...")',
    "random": 'bucket(id, "...")',
    "anniversary": _ANNIVERSARY,
    "birthday": _ANNIVERSARY,
    "today": 'date(now, "Europe/Moscow")',
    "current_date": 'date(now, "Europe/Moscow")',
    "ago": "30 days ago",
    "days": "30 days ago",
    "dateadd": "joined_at + 30 days",
    "datediff": "a < b - 30 days",
}
"""Functions, and what only looks like one."""
