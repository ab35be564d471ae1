"""Texts made for a regular expression."""

import random
import string
from dataclasses import dataclass
from functools import lru_cache

_REPEATS = (3, 0, 1, 2, *range(4, 70), 100, 200, 500)
"""How often a repeated part of a pattern is made beyond its least, in the order of trying."""
_LARGEST = 10_000
_DEEPEST = 50


@lru_cache(maxsize=1_000)
def read(pattern: str) -> "Pattern | None":
    """Read a regular expression; None if it is of a kind that texts cannot be made of."""
    try:
        return Pattern(_Reader(pattern).whole())
    except _UnsupportedError:
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


@dataclass(frozen=True, slots=True)
class _Asserted:
    """What must follow: made where it is asserted, with as little as possible around it."""

    part: "_Part"

    @property
    def size(self) -> int:
        return 0

    def make(self, chance: random.Random, _more: int) -> str:
        return self.part.make(chance, 0)


_Part = _Letters | _Sequence | _Choice | _Repeat | _Asserted


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that texts are made of.

    Look-behind and what a look-ahead forbids are left to be checked by who asks; what a
    look-ahead demands is put before the rest.
    """

    _tree: "_Choice"

    def text(self, chance: random.Random, least: int, most: int | None) -> str | None:
        """Make a text of so many characters; None if it does not come out so short."""
        longest = _LARGEST if most is None else min(most, _LARGEST)
        for more in _REPEATS:
            made = self._tree.make(chance, more)
            if least <= len(made) <= longest:
                return made
            if len(made) > longest and more > _REPEATS[0]:
                break
        made = self._tree.make(chance, 0)
        return made + "x" * (least - len(made)) if len(made) < least else None


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
_PROPERTIES = {
    "L": string.ascii_uppercase + string.ascii_lowercase,
    "N": _DIGITS,
    "P": "-.,:;!?",
    "S": "+=<>$",
    "Z": _SPACES,
    "a": string.ascii_letters,
    "A": string.ascii_letters,
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
        if letter == "\\" and self._next() in "bB":
            self._take()
            return _Sequence(())
        if letter in "*+?{":
            raise _UnsupportedError
        return _Letters(self._escaped() if letter == "\\" else letter)

    def _group(self) -> _Part:
        is_made, is_asserted = self._kind_of_group()
        tree = self._choice()
        self._take()
        if is_asserted:
            return _Asserted(tree)
        return tree if is_made else _Sequence(())

    def _kind_of_group(self) -> tuple[bool, bool]:
        """Read the start of a group: whether it is made, and whether it looks ahead."""
        if self._next() != "?":
            return True, False
        self._take()
        mark = self._take()
        if mark == "P":
            mark = self._take()
        if mark == "<" and self._next() not in "=!":
            while self._take() != ">":
                pass
            return True, False
        if mark == "<":
            mark = self._take()
            return False, False
        if mark not in ":=!":
            raise _UnsupportedError
        return mark != "!", mark == "="

    def _escaped(self) -> str:
        letter = self._take()
        if letter in "pP" and self._next() == "{":
            return self._property(letter == "P")
        if letter in "ux":
            return self._code(4 if letter == "u" else 2)
        if letter in _CLASSES:
            return _CLASSES[letter]
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter.isalnum():
            raise _UnsupportedError
        return letter

    def _property(self, is_negated: bool) -> str:  # noqa: FBT001 - which of the two letters it is
        """Read a Unicode property; its letters are those of ASCII that have it."""
        name = ""
        while (letter := self._take()) != "}":
            name += letter
        found = _PROPERTIES.get(name.removeprefix("{")[:1], _WORDLIKE)
        if name.removeprefix("{") == "Ll":
            found = string.ascii_lowercase
        if is_negated:
            found = "".join(item for item in _PRINTABLE if item not in found)
        return found

    def _code(self, digits: int) -> str:
        """Read a character's code."""
        code = ""
        if self._next() == "{":
            self._take()
            while (letter := self._take()) != "}":
                code += letter
        else:
            code = "".join(self._take() for _ in range(digits))
        try:
            return chr(int(code, 16))
        except (ValueError, OverflowError):
            raise _UnsupportedError from None

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
