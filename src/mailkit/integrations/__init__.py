"""Integrations: letters through other services, and figures for monitoring, each in a module of its own.

- `integrations.http`: `HTTPTransport` hands letters to the HTTP API of an email service (extra "http");
- `integrations.django`: `DjangoTransport` hands them to any Django mail backend, Anymail's included, and
  `EmailBackend` puts an application's own mail into an outbox (extra "django");
- `integrations.celery`: a task that wakes senders (extra "celery");
- `integrations.prometheus` and `integrations.opentelemetry`: what a sender does, as figures (extras of those names).

Nothing is imported until it is used:

>>> from mailkit.integrations.http import mailgun
>>> mailgun("example.com", "key").url
'https://api.mailgun.net/v3/example.com/messages.mime'
"""

__all__: list[str] = []
