"""A whole email program, from a customer file to a report, on this machine alone.

    python examples/whole_run.py --to .run/demo            # from the beginning
    python examples/whole_run.py --to .run/demo --resume   # go on where a killed run stopped

The orders are real: the log of the music shop CDNOW, of which we see what was known on the
morning of 1 June 1997. Names and addresses are invented, on domains that cannot exist. The
mail server, the name server and the readers' web requests are real too, all on 127.0.0.1.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from simulated_world import DOMAIN, ZONE, answers_for, read_letters

from mailkit import (
    Address,
    Envelope,
    Event,
    LetterState,
    Mailbox,
    Suppression,
    compose,
    contacts,
    dns,
    letter_state,
    reports,
    segment,
    send,
    stores,
    track,
)
from mailkit.clock import ShiftedClock
from mailkit.compose import blocks as b
from mailkit.progress import watch
from mailkit.segment import ago, days
from mailkit.segment import event as ev
from mailkit.send.limits import rules_from
from mailkit.testing import DNSZone, SMTPServer

DATA = Path(__file__).parent / "data"
TODAY = datetime(1997, 6, 1, 9, tzinfo=UTC)
SHOP = Mailbox.parse("Round Records <news@rounds.example>")
CAMPAIGN, STEP = "june", "letter"
IN_SECONDS = rules_from(
    [
        {"id": "too-fast", "codes": ["421"], "measure": "slow", "rate": "200/s", "for": "2s"},
        {"id": "on-a-block-list", "codes": ["5"], "measure": "none"},
    ]
)
"""What to do when a provider complains. The shipped rules would wait for half an hour and longer."""

# ---------------------------------------------------------------- who: customers, orders, segments


def read_orders() -> list[Event]:
    """The real log: customer in the full log, customer in the sample, day, CDs, dollars."""
    orders = []
    for number, line in enumerate((DATA / "cdnow_sample.txt").read_text(encoding="ascii").splitlines()):
        _, buyer, day, discs, dollars = line.split()
        at = datetime.strptime(day, "%Y%m%d").replace(hour=12, tzinfo=UTC)
        properties = {"discs": int(discs)}
        order = Event(
            kind="purchase",
            person=buyer,
            at=at,
            value=dollars,
            currency="USD",
            properties=properties,
            key=f"order {number}",
        )
        orders.append(order)
    return orders


RECENTLY = days(60)
SEGMENTS = {
    "big spenders who stopped": (ev.purchase.sum("value") >= 100) & ev.purchase.none(last=RECENTLY),
    "lapsing after two or more orders": ev.purchase.at_least(2) & ev.purchase.none(last=RECENTLY),
    "loyal": ev.purchase.at_least(3) & ev.purchase.did(last=RECENTLY),
    "new": ev.purchase.first("at") > ago(days(90)),
}

# ---------------------------------------------------------------- what: one letter for all of them

GREETINGS = b.If(
    "group == 'loyal'",
    [
        b.Text(
            "You have been here **{{ orders }} times** this year. This is for regulars: the summer list, a week early."
        )
    ],
    otherwise=[
        b.If(
            "group == 'new'",
            [b.Text("You are new here, so here is how we work: we listen to everything that we sell.")],
            otherwise=[b.Text("It has been {{ weeks_away }} weeks since your last record. A lot has come in since.")],
        )
    ],
)

LETTER = compose.Letter(
    subject="{{ name }}, the summer records are in",
    preheader="Picked for people who like {{ genre|lower }}.",
    theme=compose.Theme(accent="#7c2d12", link="#7c2d12", dark_accent="#fdba74", dark_link="#fdba74"),
    blocks=[
        b.Heading("Summer at Round Records"),
        b.Text("Dear {{ name }},"),
        GREETINGS,
        b.Button("See the summer list", href="https://rounds.example/summer"),
        b.Heading("{{ genre }} for warm evenings", level=2),
        b.Products(
            each="picks", name="{{ item.title }}", text="{{ item.artist }}", price="{{ item.price }}",
        ),
        b.Text("Looking for something else? [Browse all genres](https://rounds.example/genres)."),
        b.If(
            "group in ('big spenders who stopped', 'lapsing after two or more orders')",
            [b.Text("We would like you back: **10% off** until the end of June."), b.Button("Use my 10%", href="https://rounds.example/welcome-back")],
        ),
        b.Divider(),
        b.Footer(address="Round Records, 1 Needle Street", reason="You get this because you bought records from us."),
    ],
)  # fmt: skip

PICKS = {
    "Pop": ("Long Way Down the Coast", "The Paper Kites of June"),
    "Jazz": ("Blue Porch", "Nina Alder Trio"),
    "Classical": ("Summer Nights, op. 7", "Rounds Chamber Players"),
    "Rock": ("Gravel and Honey", "The Late Shift"),
}


def record_of(customer: Mapping[str, object], group: str, orders: Sequence[Event]) -> dict[str, object]:
    """What the letter needs to know of a customer."""
    genre = str(customer["genre"])
    title, artist = PICKS[genre]
    return {
        "name": customer["name"] or "friend",
        "genre": genre,
        "group": group,
        "orders": len(orders),
        "weeks_away": (TODAY - max(order.at for order in orders)).days // 7,
        "picks": [
            {"title": title, "artist": artist, "price": "$13.99"},
            {"title": "The Summer Sampler", "artist": "Various", "price": "$4.99"},
        ],
    }  # fmt: skip


# ---------------------------------------------------------------- the program


def main() -> int:
    args = read_arguments()
    if not args.resume and not clear(args.to):
        say("error", f"{args.to} holds files that are not of this program; name another folder with --to")
        return 2
    args.to.mkdir(parents=True, exist_ok=True)
    try:
        with ExitStack() as running:
            return Program(args, running).run()
    except KeyboardInterrupt:
        say("stopped", f"nothing is lost; go on with: python {sys.argv[0]} --to {args.to} --resume")
        return 130


def clear(folder: Path) -> bool:
    """Empty the folder of an earlier run; False if it is not one."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "state.json").exists():
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return True


class Program:
    """The run, step by step; each method is one step."""

    def __init__(self, args: argparse.Namespace, running: ExitStack) -> None:
        self.folder: Path = args.to
        self.args = args
        self.clock, port = remembered(self.folder)
        self.store = running.enter_context(stores.open(self.folder / "program.db"))
        self.tracker = track.Tracker(
            f"http://127.0.0.1:{port}",
            keys=track.Keyring({1: (b"a demonstration's key is no secret" * 2)[:64]}),
            people=lambda number: f"{number:04}",
            message_id=lambda campaign, person: message_id(f"{person:04}"),
        )
        self.links = self.tracker.campaign(
            1, name=CAMPAIGN, step=STEP, unsubscribe_mailto="leave@rounds.example", list_id="news.rounds.example"
        )
        self.template = compose.compile(LETTER, links=self.links)
        running.enter_context(serve(track.asgi(self.tracker, events=self.store.events.append, clock=self.clock), port))

    def run(self) -> int:
        people, orders = self.import_customers()
        groups = self.segments(people, orders)
        domain = self.check_domain()
        jobs = self.write_jobs(groups, orders)
        self.send_letters(jobs)
        self.let_people_read()
        return self.report(groups, orders, domain)

    def import_customers(self) -> tuple[list[dict[str, object]], list[Event]]:
        columns = {"id": "Customer", "name": "Name", "email": "E-mail", "genre": "Favourite genre"}
        self.imported = contacts.read_csv(DATA / "customers.csv", columns=columns, required=["id", "email", "genre"])
        say("customers", str(self.imported))
        for finding in self.imported.findings:
            say("", str(finding))
        orders = read_orders()
        self.store.events.append(
            [*(order for order in orders if order.at < TODAY), *left_in_spring(self.imported.records)]
        )
        return list(self.imported.records[: self.args.people or None]), orders

    def segments(self, people: list[dict[str, object]], orders: list[Event]) -> dict[str, list[dict[str, object]]]:
        groups = segment.partition(SEGMENTS, people, events=orders, now=TODAY)
        named = {name or "others": members for name, members in groups.items()}
        for name, members in named.items():
            say("segment", f"{len(members):5}  {name}" + (f":  {SEGMENTS[name]}" if name in SEGMENTS else ""))
        return named

    def check_domain(self) -> dns.DomainReport:
        with DNSZone(ZONE) as zone:
            resolver = dns.BlockingResolver(nameservers=[zone.host], port=zone.port)
            report = dns.check_sync(DOMAIN, selectors=["june"], resolver=resolver)
        say("domain", f"{DOMAIN} is {'ready' if report.is_ready else 'not ready'}, score {report.score} of 100")
        return report

    def write_jobs(self, groups: dict[str, list[dict[str, object]]], orders: list[Event]) -> list[send.Job]:
        past: dict[str, list[Event]] = {}
        for order in orders:
            if order.at < TODAY:
                past.setdefault(order.person, []).append(order)
        return [
            send.Job(
                person=str(customer["id"]),
                envelope=Envelope(
                    sender=SHOP,
                    recipient=Mailbox(Address.parse(str(customer["email"])), str(customer["name"])),
                    return_path="bounces@rounds.example",
                    headers=self.links.headers(person=int(str(customer["id"])), at=TODAY),
                ),
                message_id=message_id(str(customer["id"])),
                date=TODAY,
                campaign=CAMPAIGN,
                step=STEP,
                template="june",
                record=record_of(customer, group, past[str(customer["id"])]),
                expires_at=TODAY + timedelta(days=1),
            )
            for group, customers in groups.items()
            for customer in customers
        ]

    def render(self, job: send.Job) -> bytes:
        return self.template.encode(
            job.record, job.envelope, message_id=job.message_id, date=job.date, person=int(job.person)
        )

    def send_letters(self, jobs: list[send.Job]) -> None:
        log = self.folder / "server.jsonl"
        with ExitStack() as running:
            if self.args.smtp:  # somebody else's server, as in the test that kills this program
                host, _, port = self.args.smtp.partition(":")
            else:
                recipients = [str(job.envelope.recipient.address) for job in jobs]
                server = SMTPServer(
                    answers=answers_for(recipients), log=log, keep=self.folder / "mail", clock=self.clock
                )
                host, port = running.enter_context(server).host, str(server.port)
            sender = send.Sender(
                transport=send.SMTPTransport(
                    host, int(port), local_hostname="mail.rounds.example", timeout=timedelta(seconds=5)
                ),
                outbox=self.store.outbox,
                limits=send.Limits(
                    overall=send.Rate(count=self.args.rate, per=timedelta(seconds=1), burst=10), rules=IN_SECONDS
                ),
                retry=send.RetryPolicy(first=timedelta(seconds=2), longest=timedelta(seconds=4), most_tries=4),
                suppression=Suppression(self.store.events.read()),
                render=self.render,
                clock=self.clock,
                lease_for=timedelta(seconds=10),
            )
            say("outbox", f"{sender.add_sync(jobs)} of {len(jobs)} letters put in; any others were there already")
            say("sending", str(sender.run_sync()))
            while self.settle_unknown(sender, log):
                say("sending", str(sender.run_sync()))

    def settle_unknown(self, sender: send.Sender, log: Path) -> bool:
        """Ask the server's log about letters whose answer was never seen; say whether some must go out again."""
        history: dict[str, list[Event]] = {}
        for event in self.store.events.read(campaign=CAMPAIGN):
            history.setdefault(event.message_id, []).append(event)
        unknown = {message for message, events in history.items() if letter_state(events) is LetterState.UNKNOWN}
        taken = {line["message_id"] for line in read_log(log) if line["verdict"] == "accepted"} & unknown
        sender.resolve_sync({message: message in taken for message in unknown})
        if unknown:
            say("unknown", f"{len(unknown)} letters had no answer; by the server's log it took {len(taken)} of them")
        return bool(unknown - taken)

    def let_people_read(self) -> None:
        say("readers", "people open, click and unsubscribe, over HTTP")
        with watch(len(list((self.folder / "mail").glob("*.eml"))), "reading", None) as done:
            read_letters(self.folder / "mail", lambda read, of: done(read))

    def report(self, groups: dict[str, list[dict[str, object]]], orders: list[Event], domain: dns.DomainReport) -> int:
        log = [event for event in self.store.events.read() if event.campaign == CAMPAIGN]
        group_of = {str(customer["id"]): name for name, customers in groups.items() for customer in customers}
        funnel = reports.funnel(log)
        clicks = reports.clicks_by_link(log, self.template.links)
        example = record_of({"name": "Ada", "genre": "Jazz"}, "lapsing after two or more orders", orders[:2])
        marked = compose.compile(LETTER, links=reports.LinkMarks()).render(example, person=0, at=TODAY)
        page = reports.page(
            "Round Records: the letter of June",
            subtitle="Real orders of the CDNOW log, as of 1 June 1997; names and addresses are invented",
            funnel=funnel,
            groups=reports.funnel_by(log, lambda person: group_of[person]),
            refusals=[*reports.bounces_by_cause(log), *reports.bounces_by_cause(log, kinds=["deferred"])],
            clicks=clicks,
            letter=reports.picture(marked.html, clicks),
            revenue=reports.revenue([*log, *orders], within=timedelta(days=30)),
            domain=domain._repr_html_(),
            findings=self.imported.findings,
            notes=[
                "The readers are simulated: who opens, clicks or leaves is drawn by lot, and tells nothing of people.",
                "The orders are real, but nobody got this letter in 1997, so they cannot be its effect.",
            ],
        )  # fmt: skip
        path = self.folder / "report.html"
        path.write_text(page, encoding="utf-8")
        say("result", str(funnel))
        say("report", f"{path}")
        expected = sum(map(len, groups.values()))
        if not funnel.reconciles or funnel.letters != expected:
            say("error", f"the numbers do not reconcile: {funnel} of {expected} people")
            return 1
        return 0


# ---------------------------------------------------------------- small parts


def message_id(person: str) -> str:
    return f"{CAMPAIGN}.{STEP}.{person}@{DOMAIN}"


def left_in_spring(customers: Sequence[Mapping[str, object]]) -> list[Event]:
    """Every sixtieth customer unsubscribed in May, so nobody may write to them in June."""
    may = datetime(1997, 5, 10, 12, tzinfo=UTC)
    return [Event(kind="unsubscribed", person=str(customer["id"]), at=may) for customer in customers[::60]]


def remembered(folder: Path) -> tuple[ShiftedClock, int]:
    """The clock, which shows TODAY when the program is first started, and the web port: both the same after a crash."""
    path = folder / "state.json"
    if not path.exists():
        with socket.create_server(("127.0.0.1", 0)) as door:
            state = {"started": datetime.now(UTC).isoformat(), "port": door.getsockname()[1]}
        path.write_text(json.dumps(state), encoding="ascii")
    state = json.loads(path.read_text(encoding="ascii"))
    return ShiftedClock(shift=TODAY - datetime.fromisoformat(state["started"])), state["port"]


def read_log(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@contextmanager
def serve(app: Any, port: int) -> Iterator[None]:
    """Serve the tracking application on loopback, in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    door = socket.create_server(("127.0.0.1", port), backlog=128)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def say(what: str, text: str) -> None:
    for number, line in enumerate(text.splitlines()):
        print(f"{what if number == 0 else '':>10}  {line}", flush=True)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--to", type=Path, default=Path(".run/demo"), help="the folder for the database, the mails and the report"
    )
    parser.add_argument("--resume", action="store_true", help="go on with what is in that folder")
    parser.add_argument(
        "--smtp", default="", help="host:port of a mail server of its own; its log must be server.jsonl in the folder"
    )
    parser.add_argument("--rate", type=int, default=250, help="letters per second at most")
    parser.add_argument("--people", type=int, default=0, help="write to so many customers only")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
