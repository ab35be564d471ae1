"""Keep histories in Redis or Valkey, which any number of processes and machines may share.

A sandbox has four keys with one hash tag, so that a cluster keeps them together: its head, a hash
of its rows, a list of its latest batches, and for moments the writer that came too late. A script
writes a batch if the head is the expected one, and returns what is newer otherwise. redis-py must
not repeat commands by itself: after a lost answer the same batch is sent once more, and the script
recognises it by its id.

The server should have `appendonly yes` and `appendfsync always`, or what was answered can be lost
with it. One that evicts keys when its memory is full is refused.
"""

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from mockserver.stores.history_store import (
    DEFAULT_RETENTION,
    RIVAL_TIME,
    Batch,
    Committed,
    Head,
    Lost,
    Newer,
    Retention,
    State,
    StoredSandbox,
    StoreError,
    UnusableStoreError,
)
from mockserver.stores.packing import pack, unpack

if TYPE_CHECKING:
    from redis.asyncio import Redis

FORMAT = 1
"""The version of the keys."""
_TIMEOUT = 2.0
"""Seconds to wait for the server."""
_DEFAULT_PREFIX = "mockserver"
_LINE = b"\n"
_NEWER = """
local function newer(version, id, expected, expected_id)
  if version <= expected or expected == 0 then return {'lost'} end
  local back = version - expected
  local known = redis.call('LINDEX', KEYS[3], -back - 1)
  local start = expected .. ' ' .. expected_id .. '\\n'
  if not known or string.sub(known, 1, #start) ~= start then return {'lost'} end
  local found = {'newer', version, id}
  for _, batch in ipairs(redis.call('LRANGE', KEYS[3], -back, -1)) do
    found[#found + 1] = batch
  end
  return found
end
local function head()
  local found = redis.call('HMGET', KEYS[1], 'version', 'id')
  return tonumber(found[1] or 0), found[2] or ''
end
local version, id = head()
local expected = tonumber(ARGV[1])
"""
_SINCE = (
    _NEWER
    + """
if version == expected and id == ARGV[2] then return {'newer', version, id} end
return newer(version, id, expected, ARGV[2])
"""
)
_BRIEF = """
local found = redis.call('HMGET', KEYS[1], 'version', 'id', 'meta', 'settled')
if not found[1] then return {} end
local reply = {found[1], found[2], found[3]}
for place = 1, #ARGV do reply[#reply + 1] = redis.call('HGET', KEYS[2], ARGV[place]) end
local later = tonumber(found[1]) - tonumber(found[4])
if later > 0 then
  for _, batch in ipairs(redis.call('LRANGE', KEYS[3], -later, -1)) do
    reply[#reply + 1] = batch
  end
end
return reply
"""
_COMMIT = (
    _NEWER
    + """
local next_version = expected + 1
if version ~= expected or id ~= ARGV[2] then
  local own = redis.call('LINDEX', KEYS[3], next_version - version - 1)
  local start = next_version .. ' ' .. ARGV[3] .. '\\n'
  if own and string.sub(own, 1, #start) == start then
    return {'committed', next_version, 0}
  end
  redis.call('SET', KEYS[4], string.sub(ARGV[3], 1, 8), 'PX', ARGV[10])
  return newer(version, id, expected, ARGV[2])
end
if ARGV[6] == '1' then redis.call('DEL', KEYS[1], KEYS[2], KEYS[3]) end
redis.call('HSET', KEYS[1], 'version', next_version, 'id', ARGV[3])
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[1], 'meta', ARGV[4], 'settled', next_version)
  for place = 11, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[place], ARGV[place + 1]) end
end
local batch = next_version .. ' ' .. ARGV[3] .. '\\n' .. ARGV[5]
local count = redis.call('RPUSH', KEYS[3], batch)
local size = redis.call('HINCRBY', KEYS[1], 'size', #batch)
while ARGV[4] ~= '' and count > 1 and (count > tonumber(ARGV[7]) or size > tonumber(ARGV[8])) do
  size = redis.call('HINCRBY', KEYS[1], 'size', -#redis.call('LPOP', KEYS[3]))
  count = count - 1
end
for place = 1, 3 do redis.call('EXPIRE', KEYS[place], ARGV[9]) end
local rival = redis.call('GET', KEYS[4])
local has_rivals = rival and rival ~= string.sub(ARGV[3], 1, 8)
return {'committed', next_version, has_rivals and 1 or 0}
"""
)


class RedisStore:
    """A store in a server of Redis or Valkey."""

    def __init__(
        self, url: str, retention: Retention = DEFAULT_RETENTION, timeout: float = _TIMEOUT
    ) -> None:
        """Name the server.

        Args:
            url: `redis://`, `rediss://` (TLS) or `unix://`, with user and password if needed;
                `?prefix=` names the first part of all keys.
            retention: How much of each history is kept.
            timeout: Seconds to wait for the server.
        """
        self._timeout = timeout
        self._url, self._prefix = _split(url)
        self._retention = retention
        self._client: Redis | None = None
        self._commit: Any = None
        self._since: Any = None
        self._brief: Any = None

    async def open(self) -> None:
        """Connect, and check that the server can be used.

        Raises:
            StoreError: If it cannot be reached.
            UnusableStoreError: If it evicts keys, or has keys of a newer format.
        """
        if self._client is not None:
            return
        try:
            from redis.asyncio import Redis  # noqa: PLC0415 - an extra
            from redis.asyncio.retry import Retry  # noqa: PLC0415 - an extra
            from redis.backoff import NoBackoff  # noqa: PLC0415 - an extra
        except ImportError:
            raise UnusableStoreError(
                "a store in Redis needs the package redis: pip install 'mockserver[redis]'"
            ) from None
        client = Redis.from_url(
            self._url,
            socket_timeout=self._timeout,
            socket_connect_timeout=self._timeout,
            retry=Retry(NoBackoff(), 0),
        )
        self._client = client
        try:
            await self._prepare(client)
        except BaseException:
            await self.close()
            raise

    async def _prepare(self, client: "Redis") -> None:
        self._commit = client.register_script(_COMMIT)
        self._since = client.register_script(_SINCE)
        self._brief = client.register_script(_BRIEF)
        await self._check_format()
        await self._check_eviction()

    async def _check_format(self) -> None:
        key = f"{self._prefix}:format"
        await self._ask(self._redis.set(key, FORMAT, nx=True))
        found = await self._ask(self._redis.get(key))
        if int(found) > FORMAT:
            raise UnusableStoreError(
                f"the keys {self._prefix}:* were written by a newer mockserver (format "
                f"{int(found)}, this one knows {FORMAT}); use that version, or another prefix"
            )

    async def _check_eviction(self) -> None:
        try:
            found = await self._ask(self._redis.config_get("maxmemory*"))
        except StoreError:
            return  # a managed server may refuse CONFIG; then its owner has to know
        is_bounded = found.get("maxmemory", "0") not in ("0", b"0")
        policy = found.get("maxmemory-policy", "noeviction")
        if is_bounded and policy not in ("noeviction", b"noeviction"):
            raise UnusableStoreError(
                "the Redis server removes keys when its memory is full, and sandboxes would lose "
                f"records: set its maxmemory-policy, now {policy}, to noeviction"
            )

    @property
    def _redis(self) -> "Redis":
        if self._client is None:
            raise StoreError("the store is closed")
        return self._client

    async def _ask(self, reply: "Awaitable[Any] | Any") -> Any:  # noqa: ANN401 - any reply
        """Return a reply; every error becomes StoreError."""
        from redis.exceptions import RedisError  # noqa: PLC0415 - an extra

        try:
            return await reply
        except (RedisError, OSError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise StoreError(f"the Redis server cannot be used: {reason}") from None

    def _keys(self, name: str) -> list[str]:
        start = f"{self._prefix}:{{{name}}}"
        return [f"{start}:head", f"{start}:rows", f"{start}:log", f"{start}:rival"]

    async def load(self, name: str, rows: Sequence[str] | None = None) -> StoredSandbox | None:
        """Return a sandbox, or None if there is none with this name; see `HistoryStore`."""
        if rows is not None:
            return await self._load_brief(name, rows)
        head_key, rows_key, log_key, _ = self._keys(name)
        pipeline: Any = self._redis.pipeline(transaction=True)
        pipeline.hmget(head_key, ["version", "id", "meta", "settled"])
        pipeline.hgetall(rows_key)
        pipeline.lrange(log_key, 0, -1)
        (version, identity, meta, settled), found, log = await self._ask(pipeline.execute())
        if version is None:
            return None
        kept = {row.decode(): value for row, value in found.items()}
        head = Head(int(version), identity.decode())
        count = len(log) - (head.version - int(settled))
        return StoredSandbox(head, State(kept, meta), _entries(log[:count]), _entries(log[count:]))

    async def _load_brief(self, name: str, rows: Sequence[str]) -> StoredSandbox | None:
        reply = await self._ask(self._brief(keys=self._keys(name), args=[*rows]))
        if not reply:
            return None
        (version, identity, meta), values = reply[:3], reply[3 : 3 + len(rows)]
        kept = {row: value for row, value in zip(rows, values, strict=True) if value is not None}
        head = Head(int(version), identity.decode())
        return StoredSandbox(head, State(kept, meta), (), _entries(reply[3 + len(rows) :]))

    async def commit(self, name: str, head: Head | None, batch: Batch) -> Committed | Newer | Lost:
        """Write a batch after a head; a head of None makes a sandbox that must not exist."""
        expected = Head(0, "") if head is None else head
        kept = self._retention
        state = State({}, b"") if batch.state is None else batch.state
        arguments: list[Any] = [*expected, batch.id, state.meta, pack(batch.entries)]
        arguments += ["1" if batch.fresh else "0", kept.entries, kept.size, kept.seconds]
        arguments.append(RIVAL_TIME // 1_000)
        for row, value in state.rows.items():
            arguments += [row, value]
        try:
            reply = await self._ask(self._commit(keys=self._keys(name), args=arguments))
        except StoreError:  # it may have been written: the script knows
            reply = await self._ask(self._commit(keys=self._keys(name), args=arguments))
        if reply[0] == b"committed":
            return Committed(Head(int(reply[1]), batch.id), bool(reply[2]))
        return _newer(reply)

    async def since(self, name: str, head: Head) -> Newer | Lost:
        """Return the entries after a head."""
        return _newer(await self._ask(self._since(keys=self._keys(name), args=[*head])))

    async def names(self) -> list[str]:
        """Return the names of all sandboxes, in any order."""
        start, end = f"{self._prefix}:{{", "}:head"
        found = await self._ask(self._scan(f"{_escaped(self._prefix)}:{{*{end}"))
        return [key[len(start) : -len(end)] for key in found]

    async def _scan(self, pattern: str) -> set[str]:
        return {key.decode() async for key in self._redis.scan_iter(pattern, count=1_000)}

    async def delete(self, name: str) -> bool:
        """Delete a sandbox; return True if it existed."""
        return bool(await self._ask(self._redis.delete(*self._keys(name))))

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


def _split(url: str) -> tuple[str, str]:
    """Return the address without our own parameter, and the prefix of keys."""
    parts = urlsplit(url.replace("valkey", "redis", 1) if url.startswith("valkey") else url)
    query = dict(parse_qsl(parts.query))
    prefix = query.pop("prefix", _DEFAULT_PREFIX)
    return urlunsplit(parts._replace(query=urlencode(query))), prefix


def _escaped(text: str) -> str:
    """Return a text as a pattern of Redis that matches only itself."""
    return "".join(f"\\{letter}" if letter in "*?[]^\\-" else letter for letter in text)


def _entries(log: Sequence[bytes]) -> list[bytes]:
    """Return the entries of batches, each of which begins with a line for its head."""
    return [entry for batch in log for entry in unpack(batch.partition(_LINE)[2])]


def _newer(reply: Sequence[Any]) -> Newer | Lost:
    if reply[0] == b"lost":
        return Lost()
    head = Head(int(reply[1]), cast("bytes", reply[2]).decode())
    return Newer(head, _entries(reply[3:]))
