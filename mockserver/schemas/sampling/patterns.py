"""Make texts that match a regular expression (ECMA-262), such as the `pattern` of a schema.

`text_sampling.py` calls `read_pattern`, which returns None for unsupported syntax or a pattern that
is too large, then `Pattern.text` with a random source and the length, which returns None if no text
is short enough. The expression is parsed into a tree, and each part of it makes a text. Negative
look-arounds, look-behinds after other text, anchors and flags are ignored, and a text that is too
short is filled up with `x`: so the caller has to validate the text. No text contains half of a
surrogate pair.
"""

import random
import re
import string
from dataclasses import dataclass
from functools import lru_cache

_REPEATS = (3, 0, 1, 2, *range(4, 70), 100, 200, 500)
"""How many repetitions are made beyond the minimum, in the order of trying."""
_SURROGATES = re.compile("[\ud800-\udfff]")
_LARGEST = 10_000
"""The maximum length of a made text."""
_DEEPEST = 50
"""The maximum depth of nested groups."""


@lru_cache(maxsize=1_000)
def read_pattern(pattern: str) -> "Pattern | None":
    """Return a parsed regular expression; None if it has unsupported syntax or is too large."""
    try:
        return Pattern(_PatternParser(pattern).parse())
    except _UnsupportedError:
        return None


class _UnsupportedError(Exception):
    """A pattern with unsupported or invalid syntax."""


_Captured = dict[str, str]
"""The texts of the groups that were made so far, by number and by name."""

# Every part of the tree has the same two members: `size`, the greatest length of its texts with
# as few repetitions as possible, and `make`, which returns a text with `extra` repetitions more.


@dataclass(frozen=True, slots=True)
class _CharacterSet:
    characters: str
    size: int = 1

    def make(self, rng: random.Random, _extra: int, _captured: _Captured) -> str:
        return rng.choice(self.characters)


def _character_set(characters: str) -> _CharacterSet:
    """Return the set without halves of surrogate pairs, which no text can contain."""
    found = _SURROGATES.sub("", characters)
    if not found:
        raise _UnsupportedError
    return _CharacterSet(found)


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: "tuple[_Part, ...]"

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)

    def make(self, rng: random.Random, extra: int, captured: _Captured) -> str:
        return "".join(part.make(rng, extra, captured) for part in self.parts)


@dataclass(frozen=True, slots=True)
class _Choice:
    branches: tuple[_Sequence, ...]

    @property
    def size(self) -> int:
        return max(branch.size for branch in self.branches)

    def make(self, rng: random.Random, extra: int, captured: _Captured) -> str:
        return rng.choice(self.branches).make(rng, extra, captured)


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: "_Part"
    least: int
    most: int

    @property
    def size(self) -> int:
        return self.least * self.part.size

    def make(self, rng: random.Random, extra: int, captured: _Captured) -> str:
        count = min(self.most, self.least + extra)
        # nested repetitions get no extra ones, or the length would grow exponentially
        return "".join(self.part.make(rng, 0, captured) for _ in range(count))


@dataclass(frozen=True, slots=True)
class _LookAhead:
    """A positive look-ahead, or a look-behind that begins a sequence.

    Its text is made where it stands, as short as possible.
    """

    part: "_Part"

    @property
    def size(self) -> int:
        return 0

    def make(self, rng: random.Random, _extra: int, captured: _Captured) -> str:
        return self.part.make(rng, 0, captured)


@dataclass(frozen=True, slots=True)
class _Capture:
    """A group that a backreference may repeat."""

    part: "_Part"
    names: tuple[str, ...]
    """Its number, and its name if it has one."""

    @property
    def size(self) -> int:
        return self.part.size

    def make(self, rng: random.Random, extra: int, captured: _Captured) -> str:
        made = self.part.make(rng, extra, captured)
        captured |= dict.fromkeys(self.names, made)
        return made


@dataclass(frozen=True, slots=True)
class _BackReference:
    name: str
    size: int = 100
    """An estimate, so that a reference is not repeated too often."""

    def make(self, _rng: random.Random, _extra: int, captured: _Captured) -> str:
        made = captured.get(self.name, "")
        return made if len(made) <= _LARGEST else ""  # each reference may double the length


_Part = _CharacterSet | _Sequence | _Choice | _Repeat | _LookAhead | _Capture | _BackReference


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression for which texts can be made."""

    _tree: "_Choice"

    def text(self, rng: random.Random, least: int, most: int | None) -> str | None:
        """Return a text with a length from `least` to `most`; None if none is short enough."""
        longest = _LARGEST if most is None else min(most, _LARGEST)
        for extra in _REPEATS:
            made = self._tree.make(rng, extra, {})
            if least <= len(made) <= longest:
                return made
            if len(made) > longest and extra > _REPEATS[0]:
                break
        made = self._tree.make(rng, 0, {})
        return made + "x" * (least - len(made)) if len(made) < least else None


_DIGITS, _SPACES = string.digits, " "
_WORD_CHARACTERS = string.ascii_letters + string.digits + "_"
_PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " "
_CLASSES = {
    "d": _DIGITS,
    "w": _WORD_CHARACTERS,
    "s": _SPACES,
    "D": string.ascii_letters,
    "W": "-",
    "S": _WORD_CHARACTERS,
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
_REFERENCES = ("b", "B", "k", *"123456789")
_LOW_SURROGATE = re.compile(r"\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_COUNT = re.compile(r"\{\d+(?:,\d*)?\}", re.ASCII)
_LONGEST_COUNT = 20
"""The maximum length of a quantifier in braces; other braces stand for themselves."""
_CONTROLS = {"0": "\0", "t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}
_COUNTS = {"*": (0, _LARGEST), "+": (1, _LARGEST), "?": (0, 1)}


class _PatternParser:
    """A recursive-descent parser of regular expressions."""

    def __init__(self, pattern: str) -> None:
        self._rest = list(reversed(pattern))
        self._depth = 0
        self._groups = 0
        self._is_first = True
        """Whether nothing goes before the present part."""

    def parse(self) -> _Choice:
        """Return the tree of the whole expression."""
        tree = self._choice()
        if self._rest:
            raise _UnsupportedError
        return tree

    def _next(self) -> str:
        """Return the next character without taking it; empty at the end."""
        return self._rest[-1] if self._rest else ""

    def _take(self) -> str:
        """Return the next character and move on."""
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
                self._is_first = not parts
                parts.append(self._repeated(self._part(letter)))
        return _Sequence(tuple(parts))

    def _part(self, letter: str) -> _Part:
        if letter == "(":
            return self._group()
        if letter == "[":
            return _character_set(self._class())
        if letter == ".":
            return _CharacterSet(string.ascii_lowercase)
        if letter == "\\" and self._next() in _REFERENCES:
            return self._reference()
        if letter in "*+?":
            raise _UnsupportedError
        return _character_set(self._escaped() if letter == "\\" else letter)

    def _reference(self) -> _Part:
        """Return a backreference, or nothing for a word boundary."""
        letter = self._take()
        if letter in "bB":
            return _Sequence(())
        if letter != "k":
            return _BackReference(letter + self._taken_while(string.digits))
        if self._take() != "<":
            raise _UnsupportedError
        return _BackReference(self._taken_until(">"))

    def _taken_while(self, allowed: str) -> str:
        taken = ""
        while (letter := self._next()) and letter in allowed:
            taken += self._take()
        return taken

    def _taken_until(self, end: str) -> str:
        taken = ""
        while (letter := self._take()) != end:
            taken += letter
        return taken

    def _group(self) -> _Part:
        is_first = self._is_first
        if self._next() != "?":
            return self._capture("")
        self._take()
        mark = self._take()
        if mark == "P":
            mark = self._take()
        if mark == "<" and self._next() not in ("=", "!"):
            return self._capture(self._taken_until(">"))
        is_ahead = mark != "<"
        if not is_ahead:
            mark = self._take()
        elif mark in "ims-":
            self._taken_until(":")  # flags do not matter for the texts that are made
            mark = ":"
        if mark not in ":=!":
            raise _UnsupportedError
        tree = self._choice()
        self._take()
        if mark == ":":
            return tree
        return _LookAhead(tree) if mark == "=" and (is_ahead or is_first) else _Sequence(())

    def _capture(self, name: str) -> _Part:
        self._groups += 1
        names = (str(self._groups), name) if name else (str(self._groups),)
        tree = self._choice()
        self._take()
        return _Capture(tree, names)

    def _escaped(self) -> str:
        """Return the characters that an escape stands for."""
        letter = self._take()
        if letter in "pP" and self._next() == "{":
            return self._property(letter == "P")
        if letter in "ux":
            return self._code(4 if letter == "u" else 2)
        if letter in _CLASSES:
            return _CLASSES[letter]
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter == "c" and self._next().isalpha():
            return chr(ord(self._take()) % 32)
        return letter

    def _property(self, is_negated: bool) -> str:  # noqa: FBT001 - \p or \P
        """Return the ASCII characters that have a Unicode property."""
        name = self._taken_until("}")
        found = _PROPERTIES.get(name.removeprefix("{")[:1], _WORD_CHARACTERS)
        if name.removeprefix("{") == "Ll":
            found = string.ascii_lowercase
        if is_negated:
            found = "".join(item for item in _PRINTABLE if item not in found)
        return found

    def _code(self, digits: int) -> str:
        """Return the character with a hexadecimal code, of so many digits or in braces."""
        code = ""
        if self._next() == "{":
            self._take()
            code = self._taken_until("}")
        else:
            code = "".join(self._take() for _ in range(digits))
        try:
            return self._with_low_surrogate(chr(int(code, 16)))
        except (ValueError, OverflowError):
            raise _UnsupportedError from None

    def _with_low_surrogate(self, character: str) -> str:
        """Return a character, or that of a surrogate pair if the second half follows."""
        following = "".join(reversed(self._rest[-6:]))
        if not ("\ud800" <= character <= "\udbff" and _LOW_SURROGATE.fullmatch(following)):
            return character
        del self._rest[-6:]
        low = chr(int(following.removeprefix("\\u"), base=16))
        return (character + low).encode("utf-16", "surrogatepass").decode("utf-16")

    def _class(self) -> str:
        """Return the characters of a class, whose opening bracket was taken."""
        is_negated = self._next() == "^"
        if is_negated:
            self._take()
        characters = ""
        while (letter := self._take()) != "]":
            low = self._class_escape() if letter == "\\" else letter
            characters += self._range(low) if len(low) == 1 else low
        if is_negated:
            characters = "".join(item for item in _PRINTABLE if item not in characters)
        if not characters:
            raise _UnsupportedError
        return characters

    def _class_escape(self) -> str:
        if self._next() == "b":
            self._take()
            return "\b"
        return self._escaped()

    def _range(self, low: str) -> str:
        """Return the characters of a range that begins with `low`; `low` itself if it is none."""
        if self._next() != "-" or self._rest[-2:-1] == ["]"]:
            return low
        self._take()
        letter = self._take()
        high = self._class_escape() if letter == "\\" else letter
        if len(high) > 1:
            return f"{low}-{high}"
        last = min(ord(high), ord(low) + 1_000)
        return "".join(chr(code) for code in range(ord(low), last + 1))

    def _repeated(self, part: _Part) -> _Part:
        """Return the part with the quantifier that follows it, if any."""
        letter = self._next()
        if letter in _COUNTS:
            self._take()
            part = _Repeat(part, *_COUNTS[letter])
        elif letter == "{" and _COUNT.match("".join(reversed(self._rest[-_LONGEST_COUNT:]))):
            part = _Repeat(part, *self._counts())
        else:
            return part
        if part.size > _LARGEST:
            raise _UnsupportedError
        if self._next() == "?":
            self._take()  # a lazy repetition matches the same texts
        return part

    def _counts(self) -> tuple[int, int]:
        """Return the minimum and the maximum of a quantifier in braces."""
        inside = self._taken_until("}")
        low, comma, high = inside.removeprefix("{").partition(",")
        if not low.isdecimal() or (high and not high.isdecimal()) or int(low) > _LARGEST:
            raise _UnsupportedError
        return int(low), int(high or _LARGEST) if comma else int(low)
