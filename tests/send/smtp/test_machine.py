"""Conversations played to the machine, without a socket or a clock."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit import Envelope
from mailkit.send import Phase
from mailkit.send.smtp.letter import LARGE, Letter
from mailkit.send.smtp.machine import CLOSED, Machine
from mailkit.send.smtp.offers import Offers
from mailkit.send.transport import Accepted, Lost, Refused, Unsendable, Withdrawn

LOCK_STEP = Offers()
GROUPS = Offers(has_pipelining=True)
CHUNKS = Offers(has_pipelining=True, has_chunking=True)
CHUNKS_ALONE = Offers(has_chunking=True)
ALL = {"lock-step": LOCK_STEP, "groups": GROUPS, "chunks": CHUNKS, "chunks alone": CHUNKS_ALONE}
BODY = b"Subject: Hello\r\n\r\nHello\r\n"
BIG = b"Subject: Hello\r\n\r\n" + b"x" * (3 * LARGE) + b"\r\n"
OK = b"250 2.0.0 Ok\r\n"
GO = b"354 Go on\r\n"


class Talk:
    """A machine, the letters that it was given, and all that it wrote."""

    def __init__(self, offers, letters=1, *, raw=BODY, consents=True, **options):
        self.machine = Machine(offers, "mx:25", **options)
        self.letters = [letter(f"n{number}", raw) for number in range(letters)]
        self.next, self.consents = 0, consents
        self.written, self.came, self.returned = b"", {}, []
        self.turn()

    def turn(self):
        """What a session does after each event; gives what was written in this turn."""
        machine, before = self.machine, len(self.written)
        while True:
            while machine.asks:
                asked = machine.asks.pop()
                if self.consents is not None:
                    machine.committed(asked, self.consents)
            if not (self.next < len(self.letters) and machine.room()):
                break
            self.next += 1
            machine.begin(self.letters[self.next - 1])
        self.written += b"".join(machine.out)
        machine.out.clear()
        for one, delivery in machine.concluded:
            assert one not in self.came, "it was concluded twice"
            self.came[one] = delivery
        machine.concluded.clear()
        self.returned += machine.returned
        machine.returned.clear()
        if machine.is_uploading:
            machine.drained()
            self.turn()
        return self.written[before:]

    def hear(self, *said):
        wrote = b""
        for octets in said:
            self.machine.receive(octets)
            wrote = self.turn()
        return wrote

    def lose(self):
        if not self.machine.is_over:
            self.machine.lose(CLOSED)
        self.turn()

    @property
    def all(self):
        return [self.came.get(one) for one in self.letters]


def letter(name="anna", raw=BODY):
    return Letter(Envelope(sender="shop@example.com", recipient=f"{name}@example.org"), raw, lambda: None)


def mail(name):
    return b"MAIL FROM:<shop@example.com>\r\n", b"RCPT TO:<%s@example.org>\r\n" % name


def test_without_pipelining_each_command_waits_for_its_reply():
    talk = Talk(LOCK_STEP)
    first, second = mail(b"n0")
    assert talk.written == first
    assert talk.hear(OK) == second
    assert talk.hear(OK) == b"DATA\r\n"
    assert talk.hear(GO) == BODY + b".\r\n"
    assert talk.hear(OK) == b""
    assert isinstance(talk.all[0], Accepted)


def test_in_the_steady_state_a_message_is_one_write():
    talk = Talk(GROUPS, 4)
    assert talk.written == b"".join(mail(b"n0")) + b"DATA\r\n"
    assert talk.hear(OK + OK + GO) == BODY + b".\r\n" + b"".join(mail(b"n1")) + b"DATA\r\n"
    assert talk.hear(OK + OK + OK + GO) == BODY + b".\r\n" + b"".join(mail(b"n2")) + b"DATA\r\n"
    assert isinstance(talk.all[0], Accepted)
    assert talk.all[1] is None


def test_a_message_by_bdat_is_one_write_and_never_has_its_dots_doubled():
    raw = b"Subject: x\r\n\r\n.dot\r\n"
    talk = Talk(CHUNKS, 3, raw=raw)
    message = b"BDAT %d LAST\r\n" % len(raw) + raw + b"RSET\r\n"
    assert talk.written == b"".join(mail(b"n0"))
    assert talk.hear(OK + OK) == message + b"".join(mail(b"n1"))
    assert talk.hear(OK + OK + OK + OK) == message + b"".join(mail(b"n2"))
    assert isinstance(talk.all[0], Accepted)
    assert Talk(GROUPS, raw=raw).hear(OK + OK + GO) == b"Subject: x\r\n\r\n..dot\r\n.\r\n"


def test_by_bdat_so_many_letters_are_under_way_as_one_allows():
    talk = Talk(CHUNKS, 5, depth=3)
    assert talk.next == 3
    assert talk.written.count(b"BDAT") == 3
    assert talk.written.count(b"RSET") == 2  # nobody knows yet whether the one before was refused
    talk.hear(OK + OK + OK)
    assert talk.next == 4
    talk.hear(OK + OK + OK + OK)
    assert [type(one) for one in talk.all] == [Accepted, Accepted, *[type(None)] * 3]


@pytest.mark.parametrize("offers", [LOCK_STEP, GROUPS, CHUNKS_ALONE], ids=["lock-step", "groups", "chunks alone"])
def test_depth_changes_nothing_where_letters_cannot_follow_one_another(offers):
    assert Talk(offers, 5, depth=3).next <= 2


# Every phase, every class of reply.

PHASES = {Phase.MAIL: [], Phase.RCPT: [OK], Phase.DATA: [OK, OK], Phase.MESSAGE: [OK, OK, GO]}
REPLIES = {
    b"550 5.1.1 No\r\n": Refused,
    b"450 4.2.0 Later\r\n": Refused,
    b"421 4.3.2 Closing\r\n": Refused,
    b"354 What\r\n": Lost,
    b"nonsense\r\n": Lost,
    b"\r\n": Lost,
    b"150 What\r\n": Lost,
    b"250-a\r\n550 b\r\n": Lost,
}


@pytest.mark.parametrize("is_split", [False, True], ids=["whole", "split"])
@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("offers", [LOCK_STEP, GROUPS], ids=["lock-step", "groups"])
def test_every_reply_in_every_phase_ends_the_letter_in_its_way(offers, phase, reply, is_split):
    talk = Talk(offers)
    for said in [*PHASES[phase], reply]:
        talk.hear(*([said[at : at + 1] for at in range(len(said))] if is_split else [said]))
    if reply == b"354 What\r\n" and phase is Phase.DATA:
        assert talk.all == [None]
        return
    talk.hear(*[b"503 5.5.1 Bad sequence\r\n"] * 3)
    (came,) = talk.all
    assert isinstance(came, REPLIES[reply])
    assert came.phase is phase


@pytest.mark.parametrize("said", [OK + OK + GO, OK + OK + OK + GO])
def test_it_matters_not_how_replies_are_cut(said):
    for at in range(1, len(said)):
        talk = Talk(GROUPS, 2)
        talk.hear(said[:at], said[at:])
        assert talk.machine.is_over is said.startswith(OK * 3)


@pytest.mark.parametrize("name", ALL)
def test_after_a_refusal_the_next_transaction_begins_with_rset(name):
    talk = Talk(ALL[name], 2)
    talk.hear(OK, b"550 5.1.1 No such user\r\n")
    if name == "groups":
        talk.hear(b"503 No recipients\r\n")
    assert b"RSET\r\n" in talk.written
    assert isinstance(talk.all[0], Refused)
    assert talk.all[0].phase is Phase.RCPT
    finish(talk, name)
    assert isinstance(talk.all[1], Accepted)


def finish(talk, name):
    """Say yes to RSET and all that follows."""
    for said in [OK, OK, OK] + ([OK] if "chunks" in name else [GO, OK]):
        talk.hear(said)


def test_a_server_that_wants_a_message_for_nobody_gets_a_lone_dot():
    talk = Talk(GROUPS, 2)
    wrote = talk.hear(OK + b"550 5.1.1 No such user\r\n" + GO)
    assert wrote.startswith(b".\r\nRSET\r\n")
    talk.hear(b"554 No valid recipients\r\n")
    assert (talk.all[0].reply.code, talk.all[0].phase) == (550, Phase.RCPT)
    talk.hear(OK + OK + OK + GO, OK)
    assert isinstance(talk.all[1], Accepted)
    assert talk.written.count(b"RSET") == 1


def test_a_yes_to_a_lone_dot_accepts_nothing():
    talk = Talk(GROUPS)
    talk.hear(OK + b"550 5.1.1 No such user\r\n" + GO, OK)
    assert isinstance(talk.all[0], Refused)


def test_the_first_refusal_is_the_one_that_is_told():
    talk = Talk(GROUPS)
    talk.hear(b"450 4.7.1 Greylisted\r\n503 5.5.1 MAIL first\r\n503 5.5.1 RCPT first\r\n")
    assert (talk.all[0].reply.code, talk.all[0].phase) == (450, Phase.MAIL)


def test_a_refused_recipient_eats_the_octets_of_bdat_and_one_reply():
    talk = Talk(CHUNKS, 2, depth=2)
    talk.hear(OK + b"550 5.1.1 No such user\r\n" + b"503 5.5.1 No recipients\r\n")
    assert isinstance(talk.all[0], Refused)
    talk.hear(OK + OK + OK + OK)
    assert isinstance(talk.all[1], Accepted)


def test_a_refused_end_of_a_message_is_told_and_the_connection_serves_on():
    talk = Talk(GROUPS, 2)
    talk.hear(OK + OK + GO, b"552 5.2.3 Too large\r\n" + OK + OK + GO, OK)
    assert [type(one) for one in talk.all] == [Refused, Accepted]
    assert talk.all[0].phase is Phase.MESSAGE


def test_what_a_server_reads_as_commands_bounces_no_other_letter():
    talk = Talk(GROUPS, 2)
    talk.hear(OK + OK + GO, b"552 5.3.4 Too big for me\r\n500 5.5.1 What?\r\n")
    assert isinstance(talk.all[0], Refused)
    assert talk.returned == [talk.letters[1]]
    assert talk.machine.is_over


# Consent.


@pytest.mark.parametrize("raw", [BODY, BIG], ids=["small", "big"])
@pytest.mark.parametrize("name", ALL)
def test_without_consent_the_end_of_the_message_never_leaves(name, raw):
    talk = Talk(ALL[name], raw=raw, consents=None)
    for said in [OK, OK, GO]:
        if talk.machine.awaits:
            talk.hear(said)
    assert raw not in talk.written
    assert b"\r\n.\r\n" not in talk.written
    talk.machine.committed(talk.letters[0], True)
    wrote = talk.turn()
    if name == "lock-step" and raw is BODY:
        wrote = talk.hear(GO)
    assert wrote.endswith(raw[-20:] + (b"" if "chunks" in name else b".\r\n"))


@pytest.mark.parametrize("raw", [BODY, BIG], ids=["small", "big"])
@pytest.mark.parametrize("name", ALL)
def test_a_letter_without_consent_is_withdrawn(name, raw):
    talk = Talk(ALL[name], raw=raw, consents=False)
    for said in [OK, OK, GO]:
        if talk.machine.awaits:
            talk.hear(said)
    assert [type(one) for one in talk.all] == [Withdrawn]
    assert raw not in talk.written
    is_in_data = raw is BIG or name == "groups"
    assert talk.machine.is_over is is_in_data


def test_after_a_letter_is_withdrawn_before_data_the_connection_serves_on():
    talk = Talk(LOCK_STEP, 2, consents=False)
    talk.hear(OK, OK)
    assert talk.written.endswith(b"RSET\r\n")
    talk.consents = True
    talk.hear(OK, OK, OK, GO, OK)
    assert [type(one) for one in talk.all] == [Withdrawn, Accepted]


def test_a_withdrawn_letter_spoils_no_answer_to_the_one_before():
    talk = Talk(GROUPS, 2)
    talk.consents = False
    talk.hear(OK + OK + GO)
    assert [type(one) for one in talk.all] == [type(None), Withdrawn]
    talk.hear(OK + OK + OK + GO)
    assert [type(one) for one in talk.all] == [Accepted, Withdrawn]
    assert talk.written.count(b"\r\n.\r\n") == 1
    assert talk.machine.is_over


def test_a_withdrawn_letter_that_is_refused_besides_leaves_the_connection_as_it_was():
    talk = Talk(GROUPS, consents=False)
    talk.hear(OK + b"550 5.1.1 No\r\n503 5.5.1 No recipients\r\n")
    assert isinstance(talk.all[0], Withdrawn)
    assert not talk.machine.is_over


def test_a_consent_that_comes_late_is_of_no_effect():
    talk = Talk(GROUPS, consents=None)
    talk.lose()
    talk.machine.committed(talk.letters[0], True)
    assert talk.turn() == b""


# The line breaks.


@pytest.mark.parametrize(
    ("said", "phase"),
    [([], Phase.MAIL), ([OK], Phase.RCPT), ([OK + OK], Phase.DATA), ([OK + OK + GO], Phase.MESSAGE)],
)
def test_a_loss_tells_how_far_the_letter_had_come(said, phase):
    for offers in (LOCK_STEP, GROUPS):
        talk = Talk(offers)
        talk.hear(*[line + b"\n" for octets in said for line in octets.split(b"\n")[:-1]])
        talk.lose()
        assert isinstance(talk.all[0], Lost)
        assert talk.all[0].phase is phase


@pytest.mark.parametrize(("depth", "phase"), [(1, Phase.MAIL), (2, Phase.MESSAGE)])
def test_octets_of_bdat_that_left_may_have_been_taken(depth, phase):
    talk = Talk(CHUNKS, depth=depth)
    talk.lose()
    assert talk.all[0].phase is phase


def test_after_a_rest_bdat_waits_until_the_server_shows_that_it_is_there():
    talk = Talk(CHUNKS, 0, depth=2)
    talk.machine.rest()
    talk.letters.append(letter("n0"))
    assert talk.turn() == b"".join(mail(b"n0"))
    talk.lose()
    assert talk.returned == talk.letters


def test_a_letter_that_was_not_answered_on_a_used_connection_is_sent_on_another():
    talk = Talk(GROUPS, 2)
    talk.hear(OK + OK + GO)
    talk.lose()
    assert [type(one) for one in talk.all] == [Lost, type(None)]
    assert talk.returned == [talk.letters[1]]


def test_a_returned_letter_goes_out_again_as_it_was():
    raw = b"Subject: x\r\n\r\n.dot\r\n"
    talk = Talk(GROUPS, 0)
    talk.machine.rest()
    talk.letters.append(letter("n0", raw))
    talk.turn()
    talk.lose()
    (again,) = talk.returned
    other = Talk(Offers(has_pipelining=True, has_size=True), 0)
    other.letters.append(again)
    assert b"SIZE=%d\r\n" % len(raw) in other.turn()
    assert other.hear(OK + OK + GO) == b"Subject: x\r\n\r\n..dot\r\n.\r\n"


def test_a_letter_that_was_refused_before_the_line_broke_is_refused():
    talk = Talk(GROUPS)
    talk.hear(OK + b"550 5.1.1 No such user\r\n")
    talk.lose()
    assert isinstance(talk.all[0], Refused)


# 421, and what nobody asked for.


def test_421_while_idle_is_heard_and_ends_the_connection():
    talk = Talk(GROUPS, 0)
    talk.hear(b"421 4.4.2 Idle for too long\r\n")
    assert talk.machine.is_over
    assert talk.machine.closing.code == 421


def test_421_to_the_next_letter_is_no_try_of_it():
    talk = Talk(GROUPS, 2)
    talk.hear(OK + OK + GO, OK + b"421 4.7.0 Too many messages\r\n")
    assert [type(one) for one in talk.all] == [Accepted, type(None)]
    assert talk.returned == [talk.letters[1]]
    assert talk.machine.closing.code == 421


def test_421_to_one_of_many_letters_by_bdat_returns_those_behind_it():
    talk = Talk(CHUNKS, 3, depth=3)
    talk.hear(OK + OK + OK, b"421 4.7.0 Enough\r\n")
    assert [type(one) for one in talk.all] == [Accepted, type(None), type(None)]
    assert talk.returned == talk.letters[1:]


def test_421_to_the_end_of_a_message_refuses_that_letter_alone():
    talk = Talk(GROUPS, 2)
    talk.hear(OK + OK + GO, b"421 4.3.2 Shutting down\r\n")
    assert (talk.all[0].reply.code, talk.all[0].phase) == (421, Phase.MESSAGE)
    assert talk.returned == [talk.letters[1]]


@pytest.mark.parametrize("said", [GO + OK, GO + b"25", GO + b"250-more\r\n"])
@pytest.mark.parametrize("offers", [LOCK_STEP, GROUPS], ids=["lock-step", "groups"])
def test_what_was_said_before_the_message_is_no_answer_to_it(offers, said):
    talk = Talk(offers)
    talk.hear(OK, OK, said)
    assert (talk.all[0].phase, talk.all[0].reason) == (Phase.DATA, "the server said more than it was asked")
    assert BODY not in talk.written


def test_a_reply_too_many_ends_the_connection_and_harms_no_letter():
    talk = Talk(LOCK_STEP, 2)
    talk.hear(OK, OK, GO, OK + b"550 5.1.1 No such user\r\n")
    assert isinstance(talk.all[0], Accepted)
    assert talk.machine.is_over
    assert talk.next == 1


def test_a_refused_rset_is_nobody_s_refusal():
    talk = Talk(LOCK_STEP, 2)
    talk.hear(b"550 No\r\n", b"502 What?\r\n")
    assert talk.returned == [talk.letters[1]]


@pytest.mark.parametrize("said", [b"2" * 70_000, b"250-" + b"x" * 500 + b"\r\n"])
def test_a_reply_without_an_end_is_given_up(said):
    talk = Talk(GROUPS)
    talk.hear(*[said] * 200)
    assert isinstance(talk.all[0], Lost)
    assert "this is no mail server" in talk.all[0].reason


def test_replies_before_garbage_count():
    talk = Talk(GROUPS)
    talk.hear(OK + OK + GO, OK + b"nonsense\r\n")
    assert isinstance(talk.all[0], Accepted)


# Large messages.


@pytest.mark.parametrize("name", ALL)
def test_a_large_message_goes_in_pieces_and_arrives_whole(name):
    talk = Talk(ALL[name], 2, raw=BIG)
    talk.hear(OK)
    talk.hear(OK)
    if "chunks" not in name:
        talk.hear(GO)
    assert BIG in talk.written
    assert talk.next == 1, "nothing is put behind a large message"
    talk.hear(OK)
    assert isinstance(talk.all[0], Accepted)
    assert talk.next == 2


def paused(raw=BIG):
    """A large message of which one piece has not all left."""
    talk = Talk(GROUPS, 2, raw=raw)
    talk.machine.is_paused = True
    talk.machine.receive(OK + OK + GO)
    talk.machine.is_paused = False
    talk.machine.drained()
    talk.machine.is_paused = True
    return talk


@pytest.mark.parametrize("said", [b"552 5.3.4 Too big\r\n", b"421 4.3.2 Closing\r\n"])
def test_a_refusal_in_the_middle_of_a_message_is_told_and_the_rest_never_leaves(said):
    talk = paused()
    talk.machine.receive(said)
    talk.turn()
    assert (talk.all[0].reply.code, talk.all[0].phase) == (int(said[:3]), Phase.DATA)
    assert talk.machine.is_over
    assert b"\r\n.\r\n" not in talk.written


def test_a_yes_in_the_middle_of_a_message_takes_no_letter():
    talk = paused()
    talk.machine.receive(OK)
    talk.turn()
    assert (type(talk.all[0]), talk.all[0].phase) == (Lost, Phase.DATA)


def test_a_refusal_of_a_large_message_ends_the_connection_as_it_may_have_come_early():
    talk = Talk(GROUPS, raw=BIG)
    talk.hear(OK + OK + GO, b"552 5.3.4 Too big\r\n")
    assert talk.all[0].phase is Phase.MESSAGE
    assert talk.machine.is_over


@pytest.mark.parametrize(("said", "kind"), [(OK, Lost), (b"550 5.7.1 Spam\r\n", Refused)])
def test_an_answer_to_what_has_not_left_yet_is_no_yes(said, kind):
    talk = Talk(GROUPS, 2)
    talk.hear(OK + OK + GO)
    talk.machine.receive(said, 200)
    talk.turn()
    assert isinstance(talk.all[0], kind)
    assert talk.machine.is_over


def test_an_answer_counts_although_the_next_letter_has_not_left_yet():
    talk = Talk(GROUPS, 2)
    talk.hear(OK + OK + GO)
    talk.machine.receive(OK, 20)
    talk.turn()
    assert isinstance(talk.all[0], Accepted)


# The rest.


def test_what_a_server_cannot_take_is_not_sent_and_the_others_go_on():
    talk = Talk(Offers(has_pipelining=True, has_size=True, most_bytes=100), 0)
    talk.letters += [letter("n0", BODY * 10), letter("n1")]
    talk.turn()
    talk.hear(OK + OK + GO, OK)
    assert [type(one) for one in talk.all] == [Unsendable, Accepted]


def test_a_letter_whose_command_would_be_two_is_not_sent():
    talk = Talk(Offers(has_dsn=True), 0)
    talk.letters += [letter("n0"), letter("n1")]
    object.__setattr__(talk.letters[0].envelope, "envelope_id", "x\r\nDATA")  # no constructor lets it in
    talk.turn()
    talk.hear(OK, OK, GO, OK)
    assert [type(one) for one in talk.all] == [Unsendable, Accepted]
    assert b"ENVID" not in talk.written


def test_a_connection_carries_no_more_letters_than_it_may():
    talk = Talk(GROUPS, 3, most=2)
    talk.hear(OK + OK + GO, OK + OK + OK + GO, OK)
    assert talk.next == 2
    assert talk.machine.is_spent
    talk.machine.quit()
    assert talk.turn() == b"QUIT\r\n"
    talk.hear(b"221 Bye\r\n")
    assert talk.machine.is_over


def test_nothing_begins_while_what_was_written_has_not_left():
    talk = Talk(CHUNKS, 1, depth=8)
    talk.machine.is_paused = True
    talk.letters.append(letter("n1"))
    assert talk.turn() == b""
    talk.machine.drained()
    assert talk.turn()


def test_a_letter_that_nobody_waits_for_leaves_the_answers_to_others_alone():
    talk = Talk(GROUPS, 2)
    talk.hear(OK + OK + GO)
    talk.machine.abandon(talk.letters[1])
    assert not talk.machine.is_over
    talk.hear(OK + OK + OK + GO)
    assert isinstance(talk.all[0], Accepted)
    assert talk.all[1] is None
    assert talk.written.count(b"\r\n.\r\n") == 1


def test_a_letter_that_nobody_waits_for_is_dropped_with_its_line_if_it_is_alone():
    talk = Talk(GROUPS, 2)
    talk.hear(OK + OK + GO)
    talk.machine.abandon(talk.letters[0])
    talk.turn()
    assert talk.machine.is_over
    assert talk.returned == [talk.letters[1]]


# Whatever a server says.

ODD = [
    b"550 5.1.1 No\r\n",
    b"421 4.3.2 Bye\r\n",
    b"450 Later\r\n",
    b"250-a\r\n250 b\r\n",
    OK,
    GO,
    b"\r\n",
    b"x",
    b"503 x\r\n",
]


def events(rng):
    """What a server says, mostly what is due (None), and what happens besides."""
    for _ in range(rng.randrange(40)):
        said = None if rng.random() < 0.9 else rng.choice([*ODD, rng.randbytes(5), b"%03d x\r\n" % rng.randrange(999)])
        yield said, rng.choice(["consent", "cut", "pause", "abandon"]) if rng.random() < 0.2 else ""


class Server:
    """Reads what was written as a server does, and knows which reply answers what."""

    def __init__(self):
        self.octets, self.commands, self.due, self.recipient = b"", [], [], b""
        self.is_in_data = False
        self.kept, self.ended = set(), set()

    def read(self, octets):
        self.octets += octets
        while b"\n" in self.octets and not self.is_in_data:
            line, rest = self.octets.split(b"\r\n", 1)
            if line.startswith(b"BDAT"):
                size = int(line.split()[1])
                if len(rest) < size:
                    return
                rest = rest[size:]
                self.ended.add(self.recipient)
                line = b"END"
            if line.startswith(b"RCPT"):
                self.recipient = line.split(b"<")[1].split(b"@")[0]
            self.octets = rest
            self.due.append((line[:4].strip(), self.recipient))
            if line == b"DATA":
                self.is_in_data = True

    def say(self, code):
        """Whom the reply is for, if it is a yes to the end of a message."""
        if not self.due:
            return
        what, recipient = self.due.pop(0)
        if what == b"END" and code // 100 == 2:
            self.kept.add(recipient)
        if what == b"DATA":
            self.is_in_data = code == 354
            if not self.is_in_data:
                self.read(b"")

    @property
    def fitting(self):
        """The yes that is due."""
        return GO if self.due and self.due[0][0] == b"DATA" else OK

    def settle_data(self):
        """Take the message off what was written, once its end is there."""
        while self.is_in_data and not self.due:
            octets = b"\r\n" + self.octets
            at = octets.find(b"\r\n.\r\n")
            if at < 0:
                return
            if at:
                self.ended.add(self.recipient)
            self.octets, self.is_in_data = octets[at + 5 :], False
            self.due.append((b"END", self.recipient))
            self.read(b"")


@settings(max_examples=300)
@given(st.sampled_from(sorted(ALL)), st.integers(0, 3), st.sampled_from([True, True, False, None]), st.randoms())
def test_whatever_a_server_says_no_letter_is_told_twice_or_taken_for_accepted(name, depth, consents, rng):
    server, heard = Server(), b""
    talk = Talk(ALL[name], 6, consents=consents, depth=depth)
    server.read(talk.written)
    for said, what in events(rng):
        if talk.machine.is_over:
            break
        said = server.fitting if said is None else said
        said = said[:-1] if what == "cut" else said
        talk.machine.is_paused = what == "pause"
        server.settle_data()
        heard += said
        *lines, heard = heard.split(b"\n")
        for line in lines:
            if line[:3].isdigit() and line[3:4] != b"-":
                server.say(int(line[:3]))
                server.settle_data()
        server.read(talk.hear(said))
        under_way = talk.letters[: talk.next]
        if what == "consent":
            for one in under_way:
                if one.consent is None and one.is_asked:
                    talk.machine.committed(one, True)
            server.read(talk.turn())
        if what == "abandon" and under_way and not (under_way[-1].is_over or under_way[-1] in talk.returned):
            talk.machine.abandon(under_way[-1])
            server.read(talk.turn())
    server.settle_data()
    talk.lose()
    for one in talk.letters:
        name = b"n%d" % talk.letters.index(one)
        came = talk.came.get(one)
        assert (came is not None) + (one in talk.returned) == (
            1 if one in talk.letters[: talk.next] and not (one.is_over and came is None) else 0
        )
        if isinstance(came, Accepted):
            assert name in server.kept
        if name in server.ended:
            assert one.consent is True
