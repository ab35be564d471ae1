"""Identifiers that look random and are the same for the same seed."""

from base64 import urlsafe_b64encode
from hashlib import blake2b

_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class Ids:
    """A sandbox's source of identifiers: a keyed hash of a counter, so its state is one number."""

    __slots__ = ("_key", "count")

    def __init__(self, seed: int, count: int = 0) -> None:
        self._key = blake2b(str(seed).encode(), digest_size=32).digest()
        self.count = count

    def _digest(self, size: int) -> bytes:
        self.count += 1
        number = self.count.to_bytes(8, "big")
        return blake2b(number, key=self._key, digest_size=size).digest()

    def uuid(self) -> str:
        """Return a UUID of version 4 (RFC 9562, section 5.4)."""
        text = self._digest(16).hex()
        variant = _VARIANTS[text[16]]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"

    def object_id(self) -> str:
        """Return 24 hexadecimal digits, as document databases make them."""
        return self._digest(12).hex()

    def token(self, length: int = 32) -> str:
        """Return URL-safe characters; `length` is 1 to 86."""
        return urlsafe_b64encode(self._digest(64)).decode()[:length]
