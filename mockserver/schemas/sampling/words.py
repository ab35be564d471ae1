"""What properties are usually called, and what stands in them: names, places, numbers."""

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

Maker = Callable[[random.Random], str]


def sentence(chance: random.Random, count: int) -> str:
    """Join so many words."""
    return " ".join(chance.choice(WORDS) for _ in range(count))


def _full_name(chance: random.Random) -> str:
    return f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"


def email(chance: random.Random) -> str:
    """Make an address of a person, at a domain that is nobody's."""
    name = f"{chance.choice(_FIRST)}.{chance.choice(_LAST)}{chance.randrange(1, 100)}"
    return f"{name.lower()}@example.com"


def _phone(chance: random.Random) -> str:
    """Make a number of those that are kept free for fiction in the United Kingdom."""
    return f"+447700900{chance.randrange(1000):03d}"


def _text(chance: random.Random) -> str:
    return f"{sentence(chance, 6).capitalize()}."


_MAKERS: tuple[tuple[str, Maker], ...] = (
    ("e?mail|emailaddress", email),
    ("(first|given|fore)name", lambda chance: chance.choice(_FIRST)),
    ("(last|family|sur)name", lambda chance: chance.choice(_LAST)),
    (
        "username|login|handle|nickname",
        lambda chance: chance.choice(_FIRST).lower() + str(chance.randrange(1, 1000)),
    ),
    (
        "(full|customer|contact|author|owner|display|user)name|author|owner|contact|customer",
        _full_name,
    ),
    (
        "(company|business|organi[sz]ation|vendor|brand|store|shop)(name)?",
        lambda chance: chance.choice(_COMPANIES),
    ),
    ("(mobile|tele)?phone(number)?|mobile|fax", _phone),
    ("city|town", lambda chance: chance.choice(_CITIES)),
    ("country(code)", lambda chance: chance.choice(_COUNTRIES)[0]),
    ("country(name)?", lambda chance: chance.choice(_COUNTRIES)[1]),
    ("(zip|postal|post)(code)?", lambda chance: f"{chance.randrange(10_000, 99_999)}"),
    (
        "(street|address)(line1?|1)?",
        lambda chance: f"{chance.randrange(1, 200)} " + chance.choice(_STREETS),
    ),
    (
        "(url|uri|link|href|website|homepage)",
        lambda chance: "https://example.com/" + chance.choice(WORDS),
    ),
    (
        "(image|photo|avatar|picture|logo|thumbnail)(url)?",
        lambda chance: "https://example.com/" + f"{chance.choice(WORDS)}.png",
    ),
    ("currency(code)?", lambda chance: chance.choice(_CURRENCIES)),
    ("lang(uage)?(code)?|locale", lambda chance: chance.choice(_LANGUAGES)),
    ("time_?zone|tz", lambda chance: chance.choice(_ZONES)),
    ("colou?r", lambda chance: chance.choice(_COLOURS)),
    ("ip(address)?", lambda chance: f"192.0.2.{chance.randrange(1, 255)}"),
    ("(title|subject|headline|label|name)", lambda chance: sentence(chance, 2).title()),
    ("(description|comment|text|message|summary|note|notes|body|content|bio)", _text),
    (
        "(created|updated|deleted|modified|published)(at|on)?|timestamp|date",
        lambda chance: (
            f"2026-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}T09:30:00Z"
        ),
    ),
    ("tags?|category|slug|key", lambda chance: chance.choice(WORDS)),
    ("id|uuid|guid|token|hash|sku", lambda chance: f"{chance.getrandbits(48):012x}"),
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


def _plain(name: str) -> str:
    """Write a name in lower case, its words joined by underscores."""
    return _BREAKS.sub("_", name[:100]).lower()


@lru_cache(maxsize=1_000)
def named(name: str) -> Maker | None:
    """Return what makes texts that look like what a property of this name holds, if it is known."""
    plain = _plain(name)
    joined = plain.replace("_", "")
    for pattern, maker in _PATTERNS:
        if pattern.fullmatch(plain) or pattern.fullmatch(joined):
            return maker
    return None


def range_for(name: str) -> tuple[float, float] | None:
    """Return the numbers between which a property of this name usually lies."""
    return _RANGES.get(_plain(name).rpartition("_")[2]) if name else None
