"""Workers killed at random instants, and the servers' own logs; `kill` tells how."""

import json
import subprocess
import sys

import pytest

from tests.send.real.conftest import installed
from tests.send.real.exim import Exim
from tests.send.real.postfix import Postfix

NEEDED = {"faults": lambda: None, "postfix": Postfix, "exim": Exim}
CARELESS = """
from mailkit.stores.outbox import SqlOutbox
from tests.send.real import kill

async def mark_data_sent(self, leases, *, now):
    return frozenset(lease.number for lease in leases)

SqlOutbox.mark_data_sent = mark_data_sent
kill.main()
"""


def killed(*options, start=("-m", "tests.send.real.kill")):
    command = [sys.executable, *start, "--kills", "15", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("server", NEEDED)
def test_nothing_is_lost_or_sent_twice_however_often_the_worker_is_killed(server):
    with installed():
        NEEDED[server]()
    found = killed("--server", server)
    assert found["letters"] >= 1000
    assert (found["lost"], found["left"], found["duplicates"]) == (0, 0, 0), found
    assert found["taken, and never told as accepted or unknown"] == 0, found
    assert found["unknown and taken"] > 0, "no kill and no fault fell between the dot and its answer"


@pytest.mark.slow
def test_the_check_finds_what_a_careless_outbox_sends_twice():
    found = killed(start=("-c", CARELESS))
    assert found["duplicates never unknown"] > 0, found


@pytest.mark.slow
def test_what_is_tried_again_although_it_may_have_arrived_was_told_as_unknown_before():
    found = killed("--policy", "retry")
    assert (found["lost"], found["left"], found["duplicates never unknown"]) == (0, 0, 0), found
    assert found["duplicates"] > 0, "nothing was dropped after it was taken"
    assert "unknown" not in found["states"], found
