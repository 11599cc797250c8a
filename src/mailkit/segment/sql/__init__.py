"""Segments in the SQL of an engine: one portable shape, exact or refused.

>>> from datetime import UTC, datetime
>>> from mailkit.segment import event as ev
>>> from mailkit.segment.sql import Columns
>>> lapsed = ev.purchase.none()
>>> print(lapsed.to_sql("duckdb", columns=Columns(), now=datetime(2026, 3, 1, tzinfo=UTC)))
WITH mk_people AS (
  SELECT mk_p."id" AS mk_id, mk_p."id" AS mk_person
  FROM "people" AS mk_p
),
mk_events AS (
  SELECT mk_e."person" AS mk_person, mk_e."at" AS mk_at, mk_e."kind" AS mk_1
  FROM "events" AS mk_e
  WHERE mk_e."at" <= CAST($p2 AS BIGINT) AND mk_e."kind" IN (CAST($p1 AS VARCHAR))
),
mk_drawn1 AS (
  SELECT mk_person, SUM(CASE WHEN mk_1 = CAST($p1 AS VARCHAR) THEN 1 ELSE 0 END) AS mk_2
  FROM mk_events
  GROUP BY mk_person
)
SELECT mk_people.mk_id AS id
FROM mk_people
LEFT JOIN mk_drawn1 ON mk_drawn1.mk_person = mk_people.mk_person
WHERE (COALESCE(mk_2, 0) <= 0)
"""

from __future__ import annotations

from mailkit.segment.sql.columns import Column, Columns, Stored
from mailkit.segment.sql.dialects import Dialect
from mailkit.segment.sql.queries import Query

__all__ = ["Column", "Columns", "Dialect", "Query", "Stored"]
