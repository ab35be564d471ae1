"""Texts made for a JSON Schema: of a format, of a pattern, of a length."""

import random
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mockserver.clock import DAY, Instant, format_instant

WORDS = ("amber", "birch", "cedar", "delta", "ember", "flint", "grove", "haven")
_FIRST_DAY = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z, in microseconds: dates are made in the year after it."""
_REPEATS = (3, 0, 1, 2, *range(4, 70), 100, 200, 500)
"""How often a repeated part of a pattern is made beyond its least, in the order of trying."""
_LARGEST = 10_000
_DEEPEST = 50


def text(
    chance: random.Random, *, kind: str, pattern: str | None, least: int, most: int | None
) -> str:
    """Make a text of a pattern, else of a format, else words, and of a length if that is possible.

    Args:
        chance: Where the choices come from.
        kind: A format, such as `date`; one that is unknown means words.
        pattern: A regular expression; one with look-around or a back reference is not met.
        least: Characters at least.
        most: Characters at most.
    """
    if pattern is not None and (made := _patterned(chance, pattern, least, most)) is not None:
        return made
    maker = _FORMATS.get(kind)
    made = maker(chance) if maker else " ".join(chance.sample(WORDS, 2))
    if maker is None:
        return made.ljust(least, "x")[:most]
    return made.rjust(least, "x") if kind in _PADDED else made


def _patterned(chance: random.Random, pattern: str, least: int, most: int | None) -> str | None:
    try:
        tree = _Reader(pattern).whole()
    except _UnsupportedError:
        return None
    longest = _LARGEST if most is None else min(most, _LARGEST)
    for more in _REPEATS:
        made = tree.make(chance, more)
        if least <= len(made) <= longest:
            return made
        if len(made) > longest and more > _REPEATS[0]:
            break
    return None


class _UnsupportedError(Exception):
    """A pattern that is not of the simple kind."""


@dataclass(frozen=True, slots=True)
class _Letters:
    letters: str
    size: int = 1
    """The least length of what is made; that of the other parts likewise."""

    def make(self, chance: random.Random, _more: int) -> str:
        return chance.choice(self.letters)


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: "tuple[_Part, ...]"

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)

    def make(self, chance: random.Random, more: int) -> str:
        return "".join(part.make(chance, more) for part in self.parts)


@dataclass(frozen=True, slots=True)
class _Choice:
    branches: tuple[_Sequence, ...]

    @property
    def size(self) -> int:
        return max(branch.size for branch in self.branches)

    def make(self, chance: random.Random, more: int) -> str:
        return chance.choice(self.branches).make(chance, more)


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: "_Part"
    least: int
    most: int

    @property
    def size(self) -> int:
        return self.least * self.part.size

    def make(self, chance: random.Random, more: int) -> str:
        count = min(self.most, self.least + more)
        # what repeats inside a repetition is made once, or the length would be a power
        return "".join(self.part.make(chance, 0) for _ in range(count))


_Part = _Letters | _Sequence | _Choice | _Repeat

_DIGITS, _SPACES = string.digits, " "
_WORDLIKE = string.ascii_letters + string.digits + "_"
_PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " "
_CLASSES = {
    "d": _DIGITS,
    "w": _WORDLIKE,
    "s": _SPACES,
    "D": string.ascii_letters,
    "W": "-",
    "S": _WORDLIKE,
}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}
_COUNTS = {"*": (0, _LARGEST), "+": (1, _LARGEST), "?": (0, 1)}


class _Reader:
    """Reads a regular expression from left to right."""

    def __init__(self, pattern: str) -> None:
        self._rest = list(reversed(pattern))
        self._depth = 0

    def whole(self) -> _Choice:
        tree = self._choice()
        if self._rest:
            raise _UnsupportedError
        return tree

    def _next(self) -> str:
        return self._rest[-1] if self._rest else ""

    def _take(self) -> str:
        if not self._rest:
            raise _UnsupportedError
        return self._rest.pop()

    def _choice(self) -> _Choice:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _UnsupportedError
        branches = [self._sequence()]
        while self._next() == "|":
            self._take()
            branches.append(self._sequence())
        self._depth -= 1
        return _Choice(tuple(branches))

    def _sequence(self) -> _Sequence:
        parts: list[_Part] = []
        while (letter := self._next()) and letter not in "|)":
            self._take()
            if letter not in "^$":
                parts.append(self._repeated(self._part(letter)))
        return _Sequence(tuple(parts))

    def _part(self, letter: str) -> _Part:
        if letter == "(":
            return self._group()
        if letter == "[":
            return _Letters(self._letters())
        if letter == ".":
            return _Letters(string.ascii_lowercase)
        if letter in "*+?{":
            raise _UnsupportedError
        return _Letters(self._escaped() if letter == "\\" else letter)

    def _group(self) -> _Part:
        if self._next() == "?":
            self._take()
            if self._take() != ":":
                raise _UnsupportedError
        tree = self._choice()
        self._take()
        return tree

    def _escaped(self) -> str:
        letter = self._take()
        if letter in _CLASSES:
            return _CLASSES[letter]
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter.isalnum():
            raise _UnsupportedError
        return letter

    def _letters(self) -> str:
        """Read the rest of a class, up to its bracket."""
        is_negated = self._next() == "^"
        if is_negated:
            self._take()
        letters = ""
        while (letter := self._take()) != "]":
            low = self._escaped() if letter == "\\" else letter
            letters += self._range(low) if len(low) == 1 else low
        if is_negated:
            letters = "".join(item for item in _PRINTABLE if item not in letters)
        if not letters:
            raise _UnsupportedError
        return letters

    def _range(self, low: str) -> str:
        if self._next() != "-" or self._rest[-2:-1] == ["]"]:
            return low
        self._take()
        letter = self._take()
        high = self._escaped() if letter == "\\" else letter
        if len(high) > 1:
            return f"{low}-{high}"
        last = min(ord(high), ord(low) + 1_000)
        return "".join(chr(code) for code in range(ord(low), last + 1))

    def _repeated(self, part: _Part) -> _Part:
        letter = self._next()
        if letter in _COUNTS:
            self._take()
            part = _Repeat(part, *_COUNTS[letter])
        elif letter == "{":
            part = _Repeat(part, *self._counts())
        else:
            return part
        if part.size > _LARGEST:
            raise _UnsupportedError
        if self._next() == "?":
            self._take()  # lazily repeated, which makes the same texts
        return part

    def _counts(self) -> tuple[int, int]:
        inside = ""
        while (letter := self._take()) != "}":
            inside += letter
        low, comma, high = inside.removeprefix("{").partition(",")
        if not low.isdecimal() or (high and not high.isdecimal()) or int(low) > _LARGEST:
            raise _UnsupportedError
        return int(low), int(high or _LARGEST) if comma else int(low)


def _uuid(chance: random.Random) -> str:
    digits = f"{chance.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _moment(chance: random.Random) -> str:
    return format_instant(Instant(_FIRST_DAY + chance.randrange(365) * DAY))


_Maker = Callable[[random.Random], str]
_PADDED = frozenset(("email", "idn-email"))
_FORMATS: Mapping[str, _Maker] = {
    "uuid": _uuid,
    "date-time": _moment,
    "date": lambda chance: _moment(chance)[:10],
    "time": lambda _chance: "09:30:00Z",
    "duration": lambda chance: f"P{chance.randrange(1, 30)}D",
    "email": lambda chance: f"{chance.choice(WORDS)}@example.com",
    "idn-email": lambda chance: f"{chance.choice(WORDS)}@example.com",
    "uri": lambda chance: f"https://example.com/{chance.choice(WORDS)}",
    "url": lambda chance: f"https://example.com/{chance.choice(WORDS)}",
    "iri": lambda chance: f"https://example.com/{chance.choice(WORDS)}",
    "uri-reference": lambda chance: f"/{chance.choice(WORDS)}",
    "json-pointer": lambda chance: f"/{chance.choice(WORDS)}",
    "hostname": lambda chance: f"{chance.choice(WORDS)}.example.com",
    "ipv4": lambda chance: f"192.0.2.{chance.randrange(1, 255)}",
    "ipv6": lambda chance: f"2001:db8::{chance.randrange(1, 9999)}",
    "byte": lambda _chance: "bW9jaw==",
    "regex": lambda chance: f"^{chance.choice(WORDS)}$",
}
