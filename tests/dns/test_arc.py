"""ARC chains: dkimpy seals, mailkit validates; and what RFC 8617 says of each way to be wrong."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given, settings
from hypothesis import strategies as st

from mailkit.dns import NoData, ServerFailure, TimedOut, arc, dkim
from mailkit.dns.dkim.canonical import covered, relaxed_field, without_signature
from mailkit.dns.headers import Field
from mailkit.errors import InvalidValue

NOW = datetime(2030, 1, 1, tzinfo=UTC)
BODY = b"Hello,\r\n\r\nthe list is open.\r\n"
MAIL = b"From: Anna <anna@example.com>\r\nTo: list@example.org\r\nSubject: News\r\n\r\n" + BODY
RESULTS = b"mx.example.org; spf=pass smtp.mailfrom=anna@example.com; dkim=pass (2048) header.d=example.com"


@cache
def pair(domain: str) -> dkim.KeyPair:
    return dkim.generate(domain, "seal")


def domain_of(instance: int) -> str:
    return f"hop{instance % 3}.example.org"


def zone(**other: Any) -> dict[Any, Any]:
    keys = {(pair(domain).published.name, "TXT"): str(pair(domain).record) for domain in map(domain_of, range(3))}
    return keys | {(f"{name}.example.org", "TXT"): value for name, value in other.items()}


def sealed_by_dkimpy(raw: bytes, instance: int) -> bytes:
    """One more forwarder, who seals with dkimpy's reading, forms and arithmetic.

    Its own `ARC.sign` wants the package authres, which is not among our dependencies.
    """
    made = pair(domain_of(instance))
    who = [(b"d", made.domain.encode()), (b"s", b"seal"), (b"b", b"0" * 60)]
    key = dkimpy.parse_pem_private_key(made.private_key.encode())
    form = dkimpy.CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
    sealer = dkimpy.ARC(b"ARC-Authentication-Results: i=%d; " % instance + RESULTS + b"\r\n" + raw)
    sealer.hasher = dkimpy.HASH_ALGORITHMS[b"rsa-sha256"]
    bh = b64encode(sha256(form.canonicalize_body(sealer.body)).digest())
    common = [(b"i", b"%d" % instance), (b"a", b"rsa-sha256")]
    tags = [*common, (b"c", b"relaxed/relaxed"), (b"h", b"from : subject"), (b"bh", bh), *who]
    message = sealer.gen_header(tags, [b"from", b"subject"], form, b"ARC-Message-Signature", key)
    sealer.headers.insert(0, (b"ARC-Message-Signature", b" " + message))
    names = [b"arc-authentication-results", b"arc-message-signature", b"arc-seal"] * instance
    state = b"none" if instance == 1 else b"pass"
    seal = sealer.gen_header([*common, (b"cv", state), *who], names[:-1], form, b"ARC-Seal", key)
    results = b"ARC-Authentication-Results: i=%d; " % instance + RESULTS + b"\r\n"
    return b"ARC-Seal: " + seal + b"ARC-Message-Signature: " + message + results + raw


@cache
def loaded(made: dkim.KeyPair) -> Any:
    return serialization.load_pem_private_key(made.private_key.encode(), password=None)


def rsa_signature(signed: bytes, made: dkim.KeyPair) -> bytes:
    return b64encode(loaded(made).sign(signed, padding.PKCS1v15(), hashes.SHA256()))


Change = Callable[[bytes], bytes]


def same(text: bytes) -> bytes:
    return text


def sealed(
    raw: bytes,
    instance: int,
    *,
    results: Change = same,
    message: Change = same,
    seal: Change = same,
    body: bytes = BODY,
    covers: tuple[bytes, ...] = (),
) -> bytes:
    """One more forwarder, whose fields may be changed before they are signed: only what the change means is wrong."""
    made = pair(domain_of(instance))
    before = [Field(part) for part in re.split(rb"\r\n(?![ \t])", raw.partition(b"\r\n\r\n")[0])]
    who = f"d={made.domain}; s=seal".encode()
    bh = b64encode(sha256(body).digest())
    aar = Field(b"ARC-Authentication-Results: " + results(b"i=%d; " % instance + RESULTS))
    text = b"i=%d; a=rsa-sha256; c=relaxed/relaxed; %s; h=from:subject; bh=%s; b=" % (instance, who, bh)
    ams = Field(b"ARC-Message-Signature: " + message(text))
    signed = [field for field in before if field.key in (b"from", b"subject")]
    signed = [field for field in [aar, *before][::-1] if field.key in covers][:1] + signed
    own = [relaxed_field(field) for field in signed]
    ams = _filled(ams, rsa_signature(covered(own, relaxed_field(without_signature(ams))), made))
    state = b"none" if instance == 1 else b"pass"
    text = b"i=%d; a=rsa-sha256; cv=%s; %s; b=" % (instance, state, who)
    own_seal = Field(b"ARC-Seal: " + seal(text))
    covered_fields = [*_earlier_sets(before), aar, ams]
    text = covered(map(relaxed_field, covered_fields), relaxed_field(without_signature(own_seal)))
    own_seal = _filled(own_seal, rsa_signature(text, made))
    return b"\r\n".join([own_seal.raw, ams.raw, aar.raw, raw])


def _filled(field: Field, value: bytes) -> Field:
    return Field(re.sub(rb"(;\s*b\s*=)", rb"\g<1>" + value, field.raw, count=1))


def _earlier_sets(fields: list[Field]) -> list[Field]:
    """The ARC fields that are there, in the order in which they are sealed; the latest set stands on top."""
    found = [field for field in fields if field.key.startswith(b"arc-")]
    return found[::-1]


def chain(length: int) -> bytes:
    raw = MAIL
    for instance in range(1, length + 1):
        raw = sealed(raw, instance)
    return raw


def validated(raw: bytes, resolver: Any = None) -> arc.Chain:
    return arc.verify_sync(raw, resolver=zone() if resolver is None else resolver, now=NOW)


def why(found: arc.Chain) -> str:
    return "; ".join(reason.message for reason in found.reasons)


# -- laws


@pytest.mark.parametrize("length", [1, 2, 3])
def test_what_dkimpy_seals_passes(length: int) -> None:
    raw = MAIL
    for instance in range(1, length + 1):
        raw = sealed_by_dkimpy(raw, instance)
    found = validated(raw)
    assert found.passes, str(found)
    assert found.oldest_pass == 0
    assert found.domains == tuple(map(domain_of, range(1, length + 1)))
    assert found.sets[0].results.of("spf")[0].result == "pass"


@pytest.mark.parametrize("length", [1, 2, 4])
def test_what_is_sealed_here_passes_with_dkimpy_too(length: int) -> None:
    raw = chain(length)
    assert validated(raw).passes, why(validated(raw))
    answers = {f"{name}.".encode(): value.encode() for (name, _), value in zone().items()}
    word, _, reason = dkimpy.ARC(raw).verify(dnsfunc=lambda name, **_: answers.get(name))
    assert word == b"pass", reason


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_no_letter_or_digit_of_a_chain_can_be_changed(data: st.DataObject) -> None:
    raw = CHAIN
    places = [place for place, letter in enumerate(raw) if chr(letter).isalnum() and not _is_name_or_to(raw, place)]
    places.remove(raw.index(b"==\r\n") - 1)  # the last of the newest seal's own b=, of which four bits mean nothing
    place = data.draw(st.sampled_from(places))
    changed = raw[:place] + (b"Z" if raw[place : place + 1] != b"Z" else b"Y") + raw[place + 1 :]
    assert validated(changed).result == "fail"


def _is_name_or_to(raw: bytes, place: int) -> bool:
    start = raw.rfind(b"\n", 0, place) + 1
    line = raw[start:].partition(b"\r\n")[0]
    return line.startswith(b"To:") or (b": " in line and place < start + line.index(b":"))


CHAIN = chain(2)


@given(st.lists(st.tuples(st.integers(0, 3000), st.binary(max_size=3), st.integers(0, 3)), min_size=1, max_size=3))
@settings(max_examples=100, deadline=None)
def test_mutated_chains_and_random_bytes_have_a_result(places: list[tuple[int, bytes, int]]) -> None:
    raw = CHAIN
    for place, put, cut in places:
        raw = raw[:place] + put + raw[place + cut :]
    found = validated(raw)
    assert found.authentication_results.startswith(f"arc={found.result}")
    assert bool(found.reasons) == (found.result == "fail")


@given(
    st.lists(st.sampled_from(["ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"]), max_size=4),
    st.data(),
)
@settings(max_examples=100, deadline=None)
def test_any_fields_have_a_result(names: list[str], data: st.DataObject) -> None:
    values = st.text(max_size=20) | st.sampled_from(
        ["i=1; mx; none", "i=1; cv=none; a=rsa-sha256; d=a.example; s=x; b=AA=="]
    )
    raw = b"".join(f"{name}: {data.draw(values)}\n".encode("utf-8", "replace") for name in names) + b"\nHello"
    assert str(validated(raw, {}))


# -- structure (RFC 8617, 4 and 5.2)


def test_a_mail_without_arc_has_no_chain() -> None:
    found = validated(MAIL)
    assert (found.result, found.authentication_results, found.oldest_pass) == ("none", "arc=none", None)
    assert not found.passes


@pytest.mark.parametrize("name", [b"ARC-Seal", b"ARC-Message-Signature", b"ARC-Authentication-Results"])
@pytest.mark.parametrize("instance", [1, 2])
def test_each_set_has_exactly_one_of_each_field(name: bytes, instance: int) -> None:
    lines = CHAIN.split(b"\r\n")
    (line,) = [line for line in lines if line.startswith(name + b": i=%d" % instance)]
    without = b"\r\n".join(other for other in lines if other != line)
    assert why(validated(without)) == f"there is no {name.decode()} of instance {instance}"
    assert why(validated(line + b"\r\n" + CHAIN)) == f"there are two {name.decode()} of instance {instance}"


def test_the_order_of_the_fields_does_not_matter() -> None:
    head, gap, body = CHAIN.partition(b"\r\n\r\n")
    assert validated(b"\r\n".join(head.split(b"\r\n")[::-1]) + gap + body).passes


def test_fifty_sets_pass_and_one_more_fails() -> None:
    fifty = chain(50)
    assert validated(fifty).passes
    assert why(validated(sealed(fifty, 51))) == "there are more than 50 ARC sets"


def test_instances_have_no_gap() -> None:
    assert "of instance 2" in why(validated(sealed(sealed(MAIL, 1), 3)))


@pytest.mark.parametrize("instance", [b"0", b"51", b"100", b"x", b"", b"-1", b"1.0"])
@pytest.mark.parametrize("part", ["results", "message", "seal"])
def test_an_instance_is_a_number_from_1_to_50(instance: bytes, part: str) -> None:
    found = validated(sealed(MAIL, 1, **{part: lambda text: text.replace(b"i=1;", b"i=" + instance + b";")}))
    assert "has no instance of 1 to 50" in why(found)


@pytest.mark.parametrize(
    "text", [b"mx.example.org; i=1; spf=pass", b"I=1; mx.example.org", b"i=1 mx.example.org; spf=pass", b"i=1"]
)
def test_in_results_the_instance_stands_first(text: bytes) -> None:
    assert "ARC-Authentication-Results has no instance" in why(validated(sealed(MAIL, 1, results=lambda _: text)))


@pytest.mark.parametrize(
    "text", [b"(a (b) c) i (x) = (y) 1 (z) ; " + RESULTS, b"i=01;" + RESULTS, b"i\r\n =\r\n 1;" + RESULTS]
)
def test_comments_and_folds_around_the_instance_do_no_harm(text: bytes) -> None:
    assert validated(sealed(MAIL, 1, results=lambda _: text)).passes


@pytest.mark.parametrize(
    ("put", "reason"),
    [
        (b"cv=fail", "says that the chain had failed before it"),
        (b"cv=pass", "says cv=pass, where none must be"),
        (b"cv=maybe", "cv= is none of none, pass and fail"),
        (b"cv=", "cv= is none of none, pass and fail"),
        (b"CV=none", "cv= is none of none, pass and fail"),
        (b"cv=none; cv=none", "is a second cv= where one is allowed"),
        (b"cv=none; h=from", "it has an h=, which a seal must not have"),
        (b"cv=none;; t=1", "there is nothing between two semicolons"),
        (b"cv=none; oops", "is not a tag of the form name=value"),
        (b"cv=none; 1a=x", "is not a tag of the form name=value"),
        (b"cv=none; t=now", "t=now is not a number"),
    ],
)
def test_a_seal_is_read_strictly(put: bytes, reason: str) -> None:
    assert reason in why(validated(sealed(MAIL, 1, seal=lambda text: text.replace(b"cv=none", put))))


@pytest.mark.parametrize(
    "put", [b"cv=none; x=1; q=http; bh=!; c=odd; v=7; z=z", b"cv = None", b"\r\n cv\r\n =\r\n none", b"cv=none; t=1"]
)
def test_a_seal_may_have_unknown_tags_and_folds(put: bytes) -> None:
    found = validated(sealed(MAIL, 1, seal=lambda text: text.replace(b"cv=none", put)))
    assert found.passes, why(found)


@pytest.mark.parametrize("tag", [b"a=rsa-sha256; ", b"d=hop1.example.org; ", b"s=seal; "])
def test_a_seal_and_a_message_signature_have_all_that_is_required(tag: bytes) -> None:
    assert "is missing" in why(validated(sealed(MAIL, 1, seal=lambda text: text.replace(tag, b""))))
    assert "is missing" in why(validated(sealed(MAIL, 1, message=lambda text: text.replace(tag, b""))))


@pytest.mark.parametrize("tag", [rb"; bh=[^;]*", rb"; h=[^;]*"])
def test_a_message_signature_has_a_body_hash_and_fields(tag: bytes) -> None:
    assert "is missing" in why(validated(sealed(MAIL, 1, message=lambda text: re.sub(tag, b"", text))))


@pytest.mark.parametrize("state", [b"none", b"fail"])
def test_later_seals_say_pass(state: bytes) -> None:
    raw = sealed(sealed(MAIL, 1), 2, seal=lambda text: text.replace(b"cv=pass", b"cv=" + state))
    assert validated(raw).result == "fail"


def test_a_message_signature_covers_no_seal() -> None:
    found = validated(sealed(MAIL, 1, message=lambda text: text.replace(b"h=from", b"h=ARC-Seal:from")))
    assert "ARC-Seal is among the signed fields" in why(found)


def test_a_message_signature_that_covers_earlier_results_is_taken() -> None:
    once = sealed(MAIL, 1)
    names = b"h=arc-authentication-results:from"
    twice = sealed(
        once, 2, message=lambda text: text.replace(b"h=from", names), covers=(b"arc-authentication-results",)
    )
    assert validated(twice).passes


@pytest.mark.parametrize(
    ("tag", "put"),
    [
        (rb"; bh=[^;]*", b""),
        (rb"rsa-sha256", b"rsa-sha512"),
        (rb"c=relaxed/relaxed", b"c=odd/odd"),
        (rb"; h=", b"; q=foo; h="),
        (rb"; h=", b"; t=2; x=1; h="),
        (rb"; h=", b"; h=to; h="),
        (rb"; b=", b"; b=!"),
        (rb" d=[^;]*;", b""),
        (rb"h=from", b"h=arc-seal:from"),
    ],
)
def test_an_older_message_signature_that_is_malformed_fails_no_chain(tag: bytes, put: bytes) -> None:
    once = sealed(MAIL, 1, message=lambda text: re.sub(tag, put, text, count=1))
    assert validated(once).result == "fail"
    found = validated(sealed(once, 2))
    assert found.passes, why(found)
    assert (found.oldest_pass, found.sets[0].message_passes) == (2, False)


@pytest.mark.parametrize("part", ["message", "seal"])
@pytest.mark.parametrize(
    "text",
    [b"i (one)=1;", b"(one) i=1;", b"i=1 (a;b);", b"(a (b;) \\) c) \r\n i(;)=(=)1(;cv=pass) ;", b"i=1 (\xe4\\;);"],
)
def test_comments_may_stand_around_the_instance_of_each_field(part: str, text: bytes) -> None:
    found = validated(sealed(MAIL, 1, **{part: lambda own: own.replace(b"i=1;", text, 1)}))
    assert found.passes, why(found)


@pytest.mark.parametrize("put", [b"cv=(ok) none", b"cv (a;b)=\r\n (c) none", b" cv(=)=(cv=pass;)NONE "])
def test_comments_may_stand_within_the_state(put: bytes) -> None:
    found = validated(sealed(MAIL, 1, seal=lambda text: text.replace(b"cv=none", put)))
    assert found.passes, why(found)


@pytest.mark.parametrize("put", [b"cv=none (ok)", b"cv=(ok none", b"cv=) none", b"(ok) cv=none", b"cv=(none)"])
def test_comments_may_stand_nowhere_else_in_the_state(put: bytes) -> None:
    assert validated(sealed(MAIL, 1, seal=lambda text: text.replace(b"cv=none", put))).result == "fail"


@pytest.mark.parametrize("text", [b"(" * 60000, b"i=1;" + b"cv(;" * 20000, b"i=(" * 20000, b"\\" * 60000])
def test_hostile_comments_are_read_in_no_time(text: bytes) -> None:
    assert validated(b"ARC-Seal: " + text + b"\r\nARC-Message-Signature: " + text + b"\r\n" + MAIL).result == "fail"


@pytest.mark.parametrize("algorithm", [b"rsa-sha1", b"rsa-md5", b"dsa-sha256", b"RSA-SHA256"])
@pytest.mark.parametrize("part", ["message", "seal"])
def test_only_algorithms_that_count_pass(algorithm: bytes, part: str) -> None:
    found = validated(sealed(MAIL, 1, **{part: lambda text: text.replace(b"rsa-sha256", algorithm)}))
    assert found.result == "fail"


def test_the_version_of_a_message_signature_is_ignored() -> None:
    assert validated(sealed(MAIL, 1, message=lambda text: b"v=9; " + text)).passes


def test_a_message_signature_must_cover_from_and_be_in_time() -> None:
    without = sealed(MAIL, 1, message=lambda text: text.replace(b"h=from:subject", b"h=subject"))
    late = sealed(MAIL, 1, message=lambda text: text.replace(b"; h=", b"; x=1600000000; h="))
    assert "From is not signed" in why(validated(without))
    assert "expired" in why(validated(late))


# -- signatures


def test_a_chain_says_since_when_nobody_has_changed_the_mail() -> None:
    raw = sealed(MAIL, 1)
    longer = raw + b"-- \r\nThe list\r\n"
    twice = sealed(longer, 2, body=BODY + b"--\r\nThe list\r\n")
    found = validated(twice)
    assert found.passes
    assert (found.oldest_pass, [one.message_passes for one in found.sets]) == (2, [False, True])
    assert found.authentication_results == "arc=pass header.oldest-pass=2"
    assert str(found) == "pass: sealed by hop1.example.org, hop2.example.org"


def test_what_changed_since_the_last_forwarder_is_explained() -> None:
    found = validated(chain(1) + b"-- \r\nThe list\r\n")
    assert "2 lines were added at its end" in why(found)
    assert found.difference == "+ --\n+ The list"
    assert [one.message_passes for one in found.sets] == [False]
    assert [one.seal_passes for one in found.sets] == [True]


def test_a_changed_result_breaks_the_seals_from_there_on() -> None:
    found = validated(CHAIN.replace(b"ARC-Authentication-Results: i=1; mx", b"ARC-Authentication-Results: i=1; my"))
    assert [one.seal_passes for one in found.sets] == [False, False]
    assert why(found).startswith("instance 2: seal: the ARC fields are not as they were sealed; instance 1:")
    assert str(found) == f"fail: {why(found)}"


SEAL_KEY = "seal._domainkey.hop1"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (TimedOut(), "key-unanswered"),
        (ServerFailure(), "key-unanswered"),
        (NoData(), "key-absent"),
        ("v=spf1 -all", "key-not-one"),
        ("v=DKIM1; p=", "key-revoked"),
        ("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "key-kind"),
    ],
)
def test_a_key_that_cannot_be_had_is_a_failure_that_is_told(answer: Any, code: str) -> None:
    found = validated(chain(1), zone(**{SEAL_KEY: answer}))
    assert found.result == "fail"
    assert [reason.code for reason in found.reasons] == [f"dns.arc-message-{code}", f"dns.arc-seal-{code}"]


def test_a_key_too_large_to_compute_with_fails() -> None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    der = RSAPublicNumbers(65537, (1 << 20000) - 159).public_key().public_bytes(*form)
    found = validated(chain(1), zone(**{SEAL_KEY: f"v=DKIM1; p={b64encode(der).decode()}"}))
    assert "larger than anyone computes with" in why(found)


def test_of_several_keys_each_is_tried() -> None:
    keys = ["v=DKIM1; p=", str(pair("hop1.example.org").record)]
    assert validated(chain(1), zone(**{SEAL_KEY: keys})).passes


def test_what_is_wrong_as_a_text_asks_nothing() -> None:
    class Nobody:
        def resolve(self, query: Any) -> Any:
            raise AssertionError(query)

    assert validated(b"ARC-Seal: i=1\r\n\r\n", Nobody()).result == "fail"


def test_the_asynchronous_face_says_the_same() -> None:
    async def go() -> arc.Chain:
        return await arc.verify(chain(1), resolver=zone(), deadline=timedelta(seconds=20))

    assert asyncio.run(go()).passes


def test_only_bytes_are_a_mail() -> None:
    with pytest.raises(InvalidValue, match="undecoded"):
        arc.verify_sync("ARC-Seal: i=1", resolver={})  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="has no time zone"):
        arc.verify_sync(MAIL, resolver={}, now=NOW.replace(tzinfo=None))
