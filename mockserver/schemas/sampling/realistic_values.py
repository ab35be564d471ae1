"""Make realistic values for properties with common names: persons, places, texts and numbers.

`text_sampling.py` asks for the maker of a text (`text_maker_for`), `number_sampling.py` for the
usual range of a number (`number_range_for`); for an unknown name, both get None. A maker gets the
random source as an argument. E-mail addresses and telephone numbers belong to nobody: they are from
ranges reserved for examples. Schemas are not read here.
"""

import random
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

WORDS = (
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "flint",
    "grove",
    "haven",
    "iris",
    "juniper",
    "kelp",
    "linen",
    "maple",
    "north",
    "olive",
    "pearl",
    "quartz",
    "river",
    "stone",
    "tulip",
)
_FIRST = (
    "Ada",
    "Ben",
    "Chloe",
    "Dev",
    "Elena",
    "Farid",
    "Grace",
    "Hugo",
    "Ines",
    "Jonas",
    "Kira",
    "Liam",
    "Mina",
    "Noah",
    "Olga",
    "Pavel",
    "Rosa",
    "Sami",
    "Tara",
    "Yusuf",
)
_LAST = (
    "Adler",
    "Brandt",
    "Costa",
    "Dubois",
    "Evans",
    "Fischer",
    "Garcia",
    "Hansen",
    "Ito",
    "Jansen",
    "Kaur",
    "Lopez",
    "Moreau",
    "Novak",
    "Okafor",
    "Patel",
    "Rossi",
    "Silva",
    "Weber",
)
_CITIES = ("Lisbon", "Oslo", "Lyon", "Graz", "Leeds", "Porto", "Bremen", "Turin", "Ghent", "Malmo")
_COUNTRIES = (
    ("PT", "Portugal"),
    ("NO", "Norway"),
    ("FR", "France"),
    ("AT", "Austria"),
    ("GB", "United Kingdom"),
    ("DE", "Germany"),
    ("IT", "Italy"),
    ("BE", "Belgium"),
)
_STREETS = ("Mill Lane", "High Street", "Station Road", "Park Avenue", "Garden Row", "Quay Street")
_COMPANIES = ("Northwind Tools", "Cedar & Sons", "Blue Harbour", "Amber Works", "Linden Foods")
_CURRENCIES = ("EUR", "USD", "GBP", "CHF", "NOK", "SEK")
_LANGUAGES = ("en", "de", "fr", "pt", "it", "es")
_COLOURS = ("red", "green", "blue", "amber", "violet", "teal")
_ZONES = ("Europe/Lisbon", "Europe/Oslo", "Europe/Paris", "Europe/Berlin", "Europe/London")

_TextMaker = Callable[[random.Random], str]


def sentence(rng: random.Random, count: int) -> str:
    """Return `count` words."""
    return " ".join(rng.choice(WORDS) for _ in range(count))


def _full_name(rng: random.Random) -> str:
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def email(rng: random.Random) -> str:
    """Return an email address of a person, at a reserved domain (RFC 2606)."""
    name = f"{rng.choice(_FIRST)}.{rng.choice(_LAST)}{rng.randrange(1, 100)}"
    return f"{name.lower()}@example.com"


def _phone(rng: random.Random) -> str:
    """Return a telephone number from a range that the United Kingdom reserves for fiction."""
    return f"+447700900{rng.randrange(1000):03d}"


def _text(rng: random.Random) -> str:
    return f"{sentence(rng, 6).capitalize()}."


_MAKERS: tuple[tuple[str, _TextMaker], ...] = (
    ("e?mail|emailaddress", email),
    ("(first|given|fore)name", lambda rng: rng.choice(_FIRST)),
    ("(last|family|sur)name", lambda rng: rng.choice(_LAST)),
    (
        "username|login|handle|nickname",
        lambda rng: rng.choice(_FIRST).lower() + str(rng.randrange(1, 1000)),
    ),
    (
        "(full|customer|contact|author|owner|display|user)name|author|owner|contact|customer",
        _full_name,
    ),
    (
        "(company|business|organi[sz]ation|vendor|brand|store|shop)(name)?",
        lambda rng: rng.choice(_COMPANIES),
    ),
    ("(mobile|tele)?phone(number)?|mobile|fax", _phone),
    ("city|town", lambda rng: rng.choice(_CITIES)),
    ("country(code)", lambda rng: rng.choice(_COUNTRIES)[0]),
    ("country(name)?", lambda rng: rng.choice(_COUNTRIES)[1]),
    ("(zip|postal|post)(code)?", lambda rng: f"{rng.randrange(10_000, 99_999)}"),
    (
        "(street|address)(line1?|1)?",
        lambda rng: f"{rng.randrange(1, 200)} " + rng.choice(_STREETS),
    ),
    (
        "(url|uri|link|href|website|homepage)",
        lambda rng: "https://example.com/" + rng.choice(WORDS),
    ),
    (
        "(image|photo|avatar|picture|logo|thumbnail)(url)?",
        lambda rng: "https://example.com/" + f"{rng.choice(WORDS)}.png",
    ),
    ("currency(code)?", lambda rng: rng.choice(_CURRENCIES)),
    ("lang(uage)?(code)?|locale", lambda rng: rng.choice(_LANGUAGES)),
    ("time_?zone|tz", lambda rng: rng.choice(_ZONES)),
    ("colou?r", lambda rng: rng.choice(_COLOURS)),
    ("ip(address)?", lambda rng: f"192.0.2.{rng.randrange(1, 255)}"),
    ("(title|subject|headline|label|name)", lambda rng: sentence(rng, 2).title()),
    ("(description|comment|text|message|summary|note|notes|body|content|bio)", _text),
    (
        "(created|updated|deleted|modified|published)(at|on)?|timestamp|date",
        lambda rng: f"2026-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}T09:30:00Z",
    ),
    ("tags?|category|slug|key", lambda rng: rng.choice(WORDS)),
    ("id|uuid|guid|token|hash|sku", lambda rng: f"{rng.getrandbits(48):012x}"),
)
_PATTERNS = tuple((re.compile(f"(?:.*_)?(?:{names})"), maker) for names, maker in _MAKERS)
_RANGES: Mapping[str, tuple[float, float]] = {
    "latitude": (-90, 90),
    "lat": (-90, 90),
    "longitude": (-180, 180),
    "lng": (-180, 180),
    "lon": (-180, 180),
    "age": (18, 90),
    "year": (1990, 2030),
    "month": (1, 12),
    "day": (1, 28),
    "rating": (1, 5),
    "stars": (1, 5),
    "quantity": (1, 20),
    "count": (0, 50),
    "page": (1, 10),
    "percent": (0, 100),
    "percentage": (0, 100),
    "price": (1, 500),
    "amount": (1, 500),
    "total": (1, 500),
}
_BREAKS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-.\s]+")


def _snake_case(name: str) -> str:
    """Return a name in lower case, with underscores between its words."""
    return _BREAKS.sub("_", name[:100]).lower()


@lru_cache(maxsize=1_000)
def text_maker_for(name: str) -> _TextMaker | None:
    """Return a maker of typical texts for a property of this name; None for an unknown name."""
    separated = _snake_case(name)
    joined = separated.replace("_", "")
    for pattern, maker in _PATTERNS:
        if pattern.fullmatch(separated) or pattern.fullmatch(joined):
            return maker
    return None


def number_range_for(name: str) -> tuple[float, float] | None:
    """Return the usual minimum and maximum of a property of this name; None if unknown."""
    return _RANGES.get(_snake_case(name).rpartition("_")[2]) if name else None
