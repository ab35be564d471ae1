"""Generate the identifiers of a sandbox, UUIDs, object ids and tokens, from a seed and a counter.

`sandbox.py` makes an `IdGenerator` for the steps of requests, and `fixtures.py` one for the first
records of each API. The same seed and count give the same identifiers, so that a history played
again gives the same bytes. Tokens are not secret: who knows the seed can compute them.
"""

from base64 import urlsafe_b64encode
from hashlib import blake2b

_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class IdGenerator:
    """Makes the identifiers of a sandbox: hashes of a counter, with the seed as the key.

    The same seed and count give the same identifiers.
    """

    __slots__ = ("_keyed", "count")

    def __init__(self, seed: int | str, count: int = 0) -> None:
        key = blake2b(str(seed).encode(), digest_size=32).digest()
        self._keyed = {size: blake2b(key=key, digest_size=size) for size in (12, 16, 64)}
        self.count = count

    def _digest(self, size: int) -> str:
        """Return the hexadecimal digits of the next `size` bytes."""
        self.count += 1
        keyed = self._keyed[size].copy()
        keyed.update(self.count.to_bytes(8, "big"))
        return keyed.hexdigest()

    def uuid(self) -> str:
        """Return a UUID of version 4 (RFC 9562, section 5.4)."""
        text = self._digest(16)
        variant = _VARIANTS[text[16]]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"

    def object_id(self) -> str:
        """Return 24 hexadecimal digits, the format of identifiers in MongoDB."""
        return self._digest(12)

    def token(self, length: int = 32) -> str:
        """Return `length` URL-safe characters; the maximum is 86."""
        return urlsafe_b64encode(bytes.fromhex(self._digest(64))).decode()[:length]
