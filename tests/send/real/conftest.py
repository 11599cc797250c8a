"""Servers that others wrote: one of each for all tests here, as Postfix takes its time to start."""

import os
from contextlib import ExitStack, contextmanager

import pytest

from tests.send.real.aio import Aiosmtpd
from tests.send.real.exim import Exim
from tests.send.real.postfix import Postfix
from tests.send.real.servers import Missing, Sink

LOGIN = ("shop", "secret")
MAKERS = {
    "aiosmtpd": lambda: Aiosmtpd(login=LOGIN),
    "postfix": lambda: Postfix(login=LOGIN),
    "postfix-without-chunking": lambda: Postfix(login=LOGIN, without=("CHUNKING",)),
    "exim": lambda: Exim(login=LOGIN),
}


@contextmanager
def installed():
    """Skip a test for want of a server, but not in CI."""
    try:
        yield
    except Missing as why:
        if os.environ.get("CI") == "true":
            pytest.fail(str(why))
        pytest.skip(str(why))


@contextmanager
def started(make):
    """The server, once it listens."""
    with installed(), make() as running:
        yield running


@pytest.fixture(scope="session", params=MAKERS)
def server(request):
    """A server that knows logins and TLS, and whose log says what it took."""
    with started(MAKERS[request.param]) as running:
        yield running


@pytest.fixture
def sink():
    """What starts smtp-sinks with flags of theirs."""
    with ExitStack() as running:
        yield lambda *flags: running.enter_context(started(lambda: Sink(*flags)))
