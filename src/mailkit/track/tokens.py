"""Tokens: short, sealed texts that say whose link was followed, and that only we can make.

How to think about it. A token names numbers, never an address or a destination: which
letter, which person, which link, and when the letter was sent. The numbers are encrypted
and sealed in one go with AES-SIV (RFC 5297). AES-SIV needs no nonce, so the same letter
always has the same bytes, and equality is all that a token reveals. Each purpose has a key of
its own, derived from the secret by keyed BLAKE2b (RFC 7693), so a token for one is a foreign
text to the others; a purpose as associated data would say the same and cost a tenth of the time.

    1 byte    the key's number, in the clear
    18 bytes  campaign (4), person (8), link (2), seconds since 1970 (4), encrypted
    16 bytes  the seal

That is 47 characters of base64url in a web address. In a mail address, or in a subject,
where some program may fold the case, it is 56 characters of base32.
"""

from __future__ import annotations

import os
import re
from base64 import b32decode, b32encode
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import blake2b
from struct import Struct
from struct import error as PackingError
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from mailkit.clock import utc
from mailkit.errors import InvalidToken, InvalidValue

__all__ = ["Keyring", "Purpose", "Token"]

_NUMBERS: Final = Struct(">IQHI")
_ENDS: Final = {"campaign": 2**32, "person": 2**64, "link": 2**16, "seconds": 2**32}
_URL_CHARACTERS: Final = 47
_MAIL_CHARACTERS: Final = 56
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_+/", b"+/!!")
# 47 characters hold 282 bits, and a token has 280: the last character must leave the two others 0,
# or each token would have four spellings.
_LAST: Final = frozenset("AEIMQUYcgkosw048")
_SECRET_BYTES: Final = (32, 64)
_KEY: Final = re.compile(r"([0-9]{1,3}):((?:[0-9a-fA-F]{2})+)\Z")


class Purpose(StrEnum):
    """What a token may be used for. A token for one purpose is worth nothing for another.

    >>> keys = Keyring.generate()
    >>> text = keys.mint(Purpose.CLICK, campaign=7, person=42, at=datetime(2026, 3, 1, tzinfo=UTC))
    >>> keys.verify(text, Purpose.UNSUBSCRIBE)
    Traceback (most recent call last):
    mailkit.errors.InvalidToken: this link is not valid
    """

    OPEN = "open"
    """The picture that tells of an opening."""
    CLICK = "click"
    """A link of the letter."""
    UNSUBSCRIBE = "unsubscribe"
    """Leaving; whoever holds it may unsubscribe its person."""

    # A member is equal to its text; hashing it as one halves the time of looking it up.
    __hash__ = str.__hash__


# Not an attrs class: a keyring builds one for each hit, from numbers that were packed in their ranges,
# and a frozen class would take a third of the time of verifying.
class Token(NamedTuple):
    """What a token that proved to be ours says.

    Attributes:
        purpose: What it is for.
        campaign: The campaign's number, 0 to 2**32 - 1.
        person: The person's number, 0 to 2**64 - 1.
        link: The link's number in its letter, 1 to 65535; 0 where it is about no link.
        seconds: When the letter was sent, in whole seconds since 1970 (UTC); enough until 2106.

    >>> keys = Keyring.generate()
    >>> text = keys.mint(Purpose.CLICK, campaign=7, person=42, link=3, at=datetime(2026, 3, 1, tzinfo=UTC))
    >>> keys.verify(text, Purpose.CLICK).person, len(text)
    (42, 47)
    """

    purpose: Purpose
    campaign: int
    person: int
    link: int
    seconds: int

    @property
    def at(self) -> datetime:
        """When the letter was sent, to the second."""
        return datetime.fromtimestamp(self.seconds, UTC)


class Keyring:
    """The keys that tokens are made and verified with.

    New tokens are made with the current key. The others are *retired*: what was made with
    them is good for ever, so keep them, or links in old letters die. To rotate, add a key with
    a higher number to every process, then make it the current one.

    The secrets are kept in no attribute, and a keyring's repr names only the keys' numbers.

    Args:
        secrets: 32 or 64 random bytes for each key's number, 1 to 255; or a callable that
            fetches them, which is called once, now.
        current: The number of the key for new tokens; the highest unless given.

    Raises:
        InvalidValue: A number or a secret cannot be used.

    >>> old = Keyring({1: bytes(range(32))})
    >>> both = Keyring({1: bytes(range(32)), 2: lambda: bytes(range(64))})
    >>> both
    Keyring(current=2, retired=(1,))
    >>> in_an_old_letter = old.mint(Purpose.OPEN, campaign=7, person=42, at=datetime(2026, 3, 1, tzinfo=UTC))
    >>> both.verify(in_an_old_letter, Purpose.OPEN).person
    42
    >>> both.verify(in_an_old_letter, Purpose.UNSUBSCRIBE)
    Traceback (most recent call last):
    mailkit.errors.InvalidToken: this link is not valid
    """

    __slots__ = ("_current", "_decrypt", "_encrypt", "_first", "_retired")

    def __init__(self, secrets: Mapping[int, bytes | Callable[[], bytes]], *, current: int | None = None) -> None:
        if not isinstance(secrets, Mapping) or not secrets:
            raise InvalidValue("Keyring", type(secrets).__name__, "holds no keys by their numbers", "give {1: secret}")
        checked = {number: _secret(number, secret) for number, secret in secrets.items()}
        self._current = max(checked) if current is None else current
        if self._current not in checked:
            raise InvalidValue("Keyring.current", current, f"is none of the keys {sorted(checked)}")
        self._retired = tuple(sorted(checked.keys() - {self._current}))
        self._first = bytes((self._current,))
        self._encrypt = {
            purpose: _cipher(self._current, checked[self._current], purpose).encrypt for purpose in Purpose
        }
        self._decrypt = {
            purpose: {bytes((number,)): _cipher(number, secret, purpose).decrypt for number, secret in checked.items()}
            for purpose in Purpose
        }

    @classmethod
    def generate(cls) -> Keyring:
        """A keyring with one new key, which is lost with the process: for trials and tests."""
        return cls({1: os.urandom(64)})

    @classmethod
    def from_env(cls, name: str) -> Keyring:
        """The keyring in an environment variable, written `1:<secret>,2:<secret>`.

        The current key is the one with the highest number. A secret is 32 or 64 bytes in
        hexadecimal, as `python -c "import secrets; print(secrets.token_hex(64))"` makes them.

        Raises:
            InvalidValue: The variable is missing, or not written like this; its content is not shown.
        """
        return cls(_parse_secrets(name, os.environ.get(name, "")))

    @property
    def current(self) -> int:
        """The number of the key that new tokens are made with."""
        return self._current

    @property
    def retired(self) -> tuple[int, ...]:
        """The numbers of the keys that only verify, in rising order."""
        return self._retired

    def mint(self, purpose: Purpose, *, campaign: int, person: int, link: int = 0, at: datetime) -> str:
        """Make the token for a web address: 47 characters of base64url.

        Args:
            purpose: What it is for.
            campaign: The campaign's number.
            person: The person's number.
            link: The link's number in its letter; 0 where it is about no link.
            at: When the letter is sent; kept to the second.

        Raises:
            InvalidValue: A number is too large for a token, or the time has no zone.
        """
        return _url_text(self._mint(purpose, campaign, person, link, at))

    def mint_for_mail(self, purpose: Purpose, *, campaign: int, person: int, link: int = 0, at: datetime) -> str:
        """Make the token for a mail address or subject: 56 small letters and digits of base32."""
        return b32encode(self._mint(purpose, campaign, person, link, at)).decode("ascii").lower()

    def verify(self, text: str, purpose: Purpose) -> Token:
        """Say what a token from a web address says.

        Raises:
            InvalidToken: It was not made by us, not for this purpose, or is not written exactly as it was made.
        """
        try:
            if text[_URL_CHARACTERS - 1 :] not in _LAST:
                raise InvalidToken
            # Foreign characters are passed over here; what is left is then too short to be whole.
            sealed = a2b_base64(text.encode("ascii").translate(_FROM_URL) + b"=")
            decrypt = self._decrypt[purpose][sealed[:1]]
            return Token(purpose, *_NUMBERS.unpack(decrypt(sealed[1:], None)))
        except (KeyError, ValueError, TypeError, AttributeError, InvalidTag):  # also of what is no text at all
            raise InvalidToken from None

    def verify_from_mail(self, text: str, purpose: Purpose) -> Token:
        """Say what a token from a mail address or subject says, in whichever case it arrived.

        Raises:
            InvalidToken: As for `verify`.
        """
        if not isinstance(text, str) or len(text) != _MAIL_CHARACTERS:
            raise InvalidToken
        try:
            sealed = b32decode(text.encode("ascii"), casefold=True)
        except ValueError:
            raise InvalidToken from None
        return self.verify(_url_text(sealed), purpose)

    def _mint(self, purpose: Purpose, campaign: int, person: int, link: int, at: datetime) -> bytes:
        if not isinstance(at, datetime) or at.utcoffset() is None:
            utc(at, what="Token.at")  # says what is wrong
        seconds = int(at.timestamp())
        try:
            numbers = _NUMBERS.pack(campaign, person, link, seconds)
        except PackingError:
            raise _out_of_range(campaign=campaign, person=person, link=link, seconds=seconds) from None
        return self._first + self._encrypt[purpose](numbers, None)

    def __repr__(self) -> str:
        return f"Keyring(current={self.current}, retired={self.retired})"


def _url_text(sealed: bytes) -> str:
    return b2a_base64(sealed, newline=False).translate(_TO_URL)[:_URL_CHARACTERS].decode("ascii")


def _secret(number: int, secret: bytes | Callable[[], bytes]) -> bytes:
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= 255:
        raise InvalidValue("Keyring", number, "is not a key's number from 1 to 255")
    secret = secret() if callable(secret) else secret
    if not isinstance(secret, bytes) or len(secret) not in _SECRET_BYTES:
        found = f"{len(secret)} bytes" if isinstance(secret, bytes) else type(secret).__name__
        reason = f"has a secret that is not 32 or 64 bytes but {found}"
        raise InvalidValue("Keyring", number, reason, "make one with secrets.token_bytes(64)")
    return secret


def _cipher(number: int, secret: bytes, purpose: Purpose) -> AESSIV:
    """The cipher of one key for one purpose; both go into its own key, so neither need be sealed again."""
    own = blake2b(key=secret, salt=bytes((number,)), person=purpose.encode(), digest_size=len(secret))
    return AESSIV(own.digest())


def _parse_secrets(name: str, text: str) -> dict[int, bytes]:
    found = [_KEY.match(part.strip()) for part in text.split(",")]
    secrets = {int(key[1]): bytes.fromhex(key[2]) for key in found if key}
    if len(secrets) != len(found):  # the text itself is not shown, since it may hold a secret
        mend = "write '1:<secret>,2:<secret>' in hexadecimal, each number once"
        raise InvalidValue("Keyring.from_env", name, "is not a variable that holds keys", mend)
    return secrets


def _out_of_range(**numbers: int) -> InvalidValue:
    """What to say of numbers that cannot be packed: the first that is not a whole number in its range."""
    name = next(name for name, value in numbers.items() if not (isinstance(value, int) and 0 <= value < _ENDS[name]))
    return InvalidValue(f"Token.{name}", numbers[name], f"is not a whole number from 0 to {_ENDS[name] - 1}")
