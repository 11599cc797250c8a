"""What a visitor gets, and what it is taken for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailkit.compose.links import Link
from mailkit.errors import InvalidValue
from mailkit.event import Kind
from mailkit.track import Keyring, MemoryLinkTable, Request, Response, Tracker, respond

SENT = datetime(2026, 6, 1, tzinfo=UTC)
NOW = SENT + timedelta(hours=3, microseconds=5)
OTHER_KEYS = Keyring({1: bytes(64)})
SALE = "https://shop.example.com/sale?a=1#top"


def made(**settings) -> Tracker:
    return Tracker("https://t.example.com", keys=Keyring({1: bytes(range(64))}), **settings)


TRACKER = made()
LINKS = TRACKER.campaign(7, name="june", step="letter", topic="news", brand="Books & Co")
LINKS.place(Link(number=3, href=SALE, label="See the sale", block="button 2"))
OPEN = LINKS.pixel(person=42, at=SENT).removeprefix("https://t.example.com")
CLICK = LINKS.url(3, person=42, at=SENT).removeprefix("https://t.example.com")
LEAVE = LINKS.unsubscribe(person=42, at=SENT).removeprefix("https://t.example.com")


def ask(method: str, path: str, *, tracker: Tracker = TRACKER, body: bytes = b"", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return respond(tracker, Request(method=method, path=path, headers=named, body=body), now=NOW)


def header(response: Response, name: str) -> str | None:
    return dict(response.headers).get(name)


# Laws


@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS"]),
    path=st.one_of(
        st.text(max_size=80),
        st.builds("{}{}".format, st.sampled_from(["/o/", "/c/", "/u/"]), st.text(max_size=60)),
        st.builds("/{}/{}".format, st.sampled_from("ocu"), st.from_regex(r"[A-Za-z0-9_-]{47}", fullmatch=True)),
    ),
    body=st.binary(max_size=40),
)
def test_nobody_can_make_up_an_address_that_does_something(method, path, body):
    response = ask(method, path, body=body)
    assert response.events == ()
    assert header(response, "location") is None
    assert response.status in (200, 404, 405)
    assert response.status != 200 or header(response, "content-type") == "image/gif"


@pytest.mark.parametrize("path", [OPEN, CLICK, LEAVE])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_address_is_good_for_another_purpose(method, path):
    token = path.split("/")[2]
    for kind in {"o", "c", "u"} - {path[1]}:
        response = ask(method, f"/{kind}/{token.removesuffix('.gif')}")
        assert response.events == ()
        assert header(response, "location") is None


@pytest.mark.parametrize("path", [OPEN, CLICK, LEAVE])
def test_get_and_head_never_change_what_a_person_wants(path):
    for method in ("GET", "HEAD"):
        assert all(event.kind in (Kind.OPENED, Kind.CLICKED) for event in ask(method, path).events)


@pytest.mark.parametrize("path", [OPEN, CLICK, LEAVE, "/c/x", "/"])
def test_head_has_the_headers_of_get_and_neither_body_nor_events(path):
    got, head = ask("GET", path), ask("HEAD", path)
    assert (head.status, head.headers) == (got.status, got.headers)
    assert (head.body, head.events) == (b"", ())
    assert header(head, "content-length") == str(len(got.body))


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize("path", [OPEN, CLICK, LEAVE, "/o/x", "/c/x", "/u/x", "/", "/favicon.ico"])
def test_every_answer_is_safe_to_show_and_kept_nowhere(method, path):
    response = ask(method, path)
    assert header(response, "cache-control") == "no-store"
    assert header(response, "referrer-policy") == "no-referrer"
    assert header(response, "x-content-type-options") == "nosniff"
    policy = header(response, "content-security-policy") or ""
    assert (header(response, "content-type") == "text/html; charset=utf-8") == policy.startswith("default-src 'none'")
    for name, value in response.headers:
        assert name == name.lower()
        assert (name + value).isprintable()
    token = path.split("/")[-1].removesuffix(".gif")
    assert len(token) < 40 or token.encode() not in response.body


@pytest.mark.parametrize("path", [OPEN, CLICK, LEAVE])
@pytest.mark.parametrize(
    "written",
    [
        "{}",
        "/under/a/prefix{}",
        "//{}",
        "{}/",
        "{}.",
        "{})",
        "{}>",
        "{}=",
        "{}%3D",
        "{}%20",
        "<{}>",
        "{}”.",
        "{},",
        "{}?",
    ],
)
def test_an_address_survives_what_mail_programs_do_to_it(path, written):
    method = "POST" if path is LEAVE else "GET"
    assert len(ask(method, written.format(path)).events) == 1


@pytest.mark.parametrize("path", [OPEN, CLICK, LEAVE])
def test_a_percent_encoded_token_is_the_same_token(path):
    _, kind, token = path.split("/")
    encoded = "".join(f"%{ord(character):02X}" for character in token)
    method = "POST" if path is LEAVE else "GET"
    assert len(ask(method, f"/{kind}/{encoded}").events) == 1


# Openings


def test_an_opening_is_a_picture_of_one_pixel_and_an_event():
    response = ask("GET", OPEN, User_Agent="GoogleImageProxy")
    assert (response.status, header(response, "content-type")) == (200, "image/gif")
    assert response.body.startswith(b"GIF89a\x01\x00\x01\x00")
    assert len(response.body) == 43
    (event,) = response.events
    assert (event.kind, event.person, event.at) == ("opened", "42", NOW)
    assert (event.campaign, event.step) == ("june", "letter")
    assert event.properties == {"user_agent": "GoogleImageProxy"}


@pytest.mark.parametrize("path", ["/o/x.gif", "/o/.", CLICK.replace("/c/", "/o/")])
def test_a_wrong_token_still_shows_a_picture(path):
    response = ask("GET", path)
    assert response.status == 200
    assert response.body == ask("GET", OPEN).body
    assert response.events == ()


def test_the_ending_of_the_picture_does_not_matter():
    assert ask("GET", OPEN.removesuffix(".gif")).events
    assert ask("GET", OPEN.removesuffix(".gif") + ".GIF").events


def test_each_visit_is_an_event_and_each_event_is_kept_once():
    first = ask("GET", OPEN).events[0]
    second = respond(TRACKER, Request(method="GET", path=OPEN), now=NOW + timedelta(microseconds=1)).events[0]
    assert first.identity == ask("GET", OPEN).events[0].identity
    assert first.identity != second.identity


# What the application's hooks and table may do


def out_of_order(*numbers):
    raise ConnectionError(f"the database is gone: {numbers}")


class ForgetfulTable(MemoryLinkTable):
    """A table that finds links and is down for campaigns."""

    get_campaign = out_of_order


BROKEN = [{"people": out_of_order}, {"message_id": out_of_order}, {"people": lambda number: number}, {"table": None}]


def broken(settings) -> Tracker:
    table = ForgetfulTable() if "table" in settings else MemoryLinkTable()
    table.put(7, TRACKER.table.get(7, 3))
    return made(**{**settings, "table": table})


@pytest.mark.parametrize("settings", BROKEN)
def test_a_picture_is_shown_whatever_fails(settings, caplog):
    response = ask("GET", OPEN, tracker=broken(settings))
    assert (response.status, response.body, response.events) == (200, ask("GET", OPEN).body, ())
    assert [record.getMessage().rpartition(": ")[0] for record in caplog.records] == ["a visit could not be noted"]
    assert "42" not in caplog.text


@pytest.mark.parametrize("settings", BROKEN)
def test_a_click_leads_on_if_its_destination_is_known_whatever_else_fails(settings, caplog):
    response = ask("GET", CLICK, tracker=broken(settings))
    assert (response.status, header(response, "location"), response.events) == (302, SALE, ())
    assert caplog.records[0].name == "mailkit.track"


@pytest.mark.parametrize("settings", BROKEN)
def test_nobody_is_told_to_be_unsubscribed_if_anything_fails(settings):
    with pytest.raises((ConnectionError, InvalidValue)):
        ask("POST", LEAVE, tracker=broken(settings))


# Clicks


def test_a_click_leads_to_the_destination_and_is_an_event():
    response = ask("GET", CLICK, User_Agent="Mozilla/5.0")
    assert (response.status, header(response, "location"), response.body) == (302, SALE, b"")
    (event,) = response.events
    assert (event.kind, event.person, event.campaign, event.step) == ("clicked", "42", "june", "letter")
    assert event.properties == {
        "link": 3,
        "url": SALE,
        "label": "See the sale",
        "block": "button 2",
        "user_agent": "Mozilla/5.0",
    }


def test_a_query_cannot_choose_the_destination():
    asked = Request(method="GET", path=CLICK, query="url=https://evil.example&fbclid=1")
    assert header(respond(TRACKER, asked, now=NOW), "location") == SALE


def test_a_link_that_nobody_placed_leads_nowhere():
    path = LINKS.url(4, person=42, at=SENT).removeprefix("https://t.example.com")
    response = ask("GET", path)
    assert (response.status, response.events) == (404, ())


def test_a_click_of_a_deleted_campaign_and_a_retired_key_still_leads_on():
    later = made(table=TRACKER.table)
    later = Tracker("https://new.example.com", keys=Keyring({1: bytes(range(64)), 2: bytes(64)}), table=later.table)
    assert header(ask("GET", CLICK, tracker=later), "location") == SALE
    forgotten = made()
    forgotten.table.put(7, TRACKER.table.get(7, 3))
    response = ask("GET", CLICK, tracker=forgotten)
    assert header(response, "location") == SALE
    assert response.events[0].campaign == "7"


def test_the_links_of_an_erased_person_lead_on_and_nothing_is_remembered():
    erased = made(table=TRACKER.table, people=lambda number: "")
    assert header(ask("GET", CLICK, tracker=erased), "location") == SALE
    assert "You are unsubscribed" in ask("POST", LEAVE, tracker=erased).body.decode()
    for method, path in (("GET", OPEN), ("GET", CLICK), ("POST", LEAVE)):
        assert ask(method, path, tracker=erased).events == ()


def test_a_user_agent_is_cut_and_an_address_is_in_no_event():
    request = Request(method="GET", path=CLICK, headers={"User-Agent": "x" * 5000}, client="192.0.2.7")
    (event,) = respond(TRACKER, request, now=NOW).events
    assert event.properties["user_agent"] == "x" * 400
    assert "192.0.2.7" not in repr(event)
    assert "192.0.2.7" not in repr(request)


# Unsubscribing


def test_the_page_asks_and_names_what_the_reader_leaves():
    response = ask("GET", LEAVE)
    page = response.body.decode()
    assert response.status == 200
    assert '<form method="post">' in page
    assert "news" in page
    assert header(response, "content-language") == "en"


def test_the_page_speaks_the_readers_language():
    response = ask("GET", LEAVE, Accept_Language="ru-RU,ru;q=0.9,en;q=0.8")
    assert header(response, "content-language") == "ru"
    assert "Отписаться" in response.body.decode()


@pytest.mark.parametrize(
    "body",
    [
        b"List-Unsubscribe=One-Click",
        b"list-unsubscribe=one-click",
        b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
    ],
)
def test_one_click_unsubscribes_without_a_page(body):
    response = ask("POST", LEAVE, body=body, User_Agent="provider")
    assert (response.status, header(response, "content-type")) == (200, "text/plain; charset=utf-8")
    (event,) = response.events
    assert (event.kind, event.person, event.campaign) == ("unsubscribed", "42", "june")
    assert event.properties == {"scope": "topic", "topic": "news", "evidence": "one-click", "user_agent": "provider"}


@pytest.mark.parametrize("body", [b"from=page", b"", b"\xff\x00", b"something=else"])
def test_any_post_with_the_token_unsubscribes_and_says_so_on_a_page(body):
    response = ask("POST", LEAVE, body=body)
    assert response.status == 200
    assert "You are unsubscribed" in response.body.decode()
    assert [(event.kind, event.properties["evidence"]) for event in response.events] == [("unsubscribed", "page")]


def test_pressing_twice_is_one_fact():
    first, second = (ask("POST", LEAVE, body=b"from=page").events[0] for _ in range(2))
    assert first.identity == second.identity


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_wrong_token_unsubscribes_nobody(method):
    forged = Tracker("https://t.example.com", keys=OTHER_KEYS).campaign(7, name="june").unsubscribe(person=42, at=SENT)
    response = ask(method, forged.removeprefix("https://t.example.com"), body=b"List-Unsubscribe=One-Click")
    assert (response.status, response.events) == (404, ())


# The rest


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", OPEN, "GET, HEAD"),
        ("POST", CLICK, "GET, HEAD"),
        ("DELETE", LEAVE, "GET, HEAD, POST"),
        ("OPTIONS", "/u/x", "GET, HEAD, POST"),
    ],
)
def test_other_methods_are_told_which_there_are(method, path, allowed):
    response = ask(method, path)
    assert (response.status, header(response, "allow"), response.events) == (405, allowed, ())


@pytest.mark.parametrize("path", ["", "/", "/c", "/c/x/y", "/x/" + CLICK.split("/")[2], "/u", "\n/c/\n", "/C/x"])
def test_other_addresses_lead_nowhere(path):
    assert ask("GET", path).status == 404


def test_headers_may_come_as_pairs():
    request = Request(method="get", path=OPEN, headers=[("User-Agent", "a"), ("X", "b")])
    assert request.method == "GET"
    assert respond(TRACKER, request, now=NOW).events[0].properties["user_agent"] == "a"
