"""Read a page of records of all APIs of a sandbox, in the order of a time that each of them has.

- In: the query of the page, the sandbox, the name of a collection that every API has, the name of
  the field with the time, and a condition. Out: the number of records that meet it, and the page.
- Callers: `message_calls.py` and `review_calls.py`. Nothing is shown or redacted here.
- Only the page is kept, and nothing is copied, unless the clock went back between the records of
  an API. At the same time, those of an earlier API come first; `order=newest` is the reverse.
"""

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import islice, pairwise, starmap
from operator import itemgetter, le

from mockserver.control.declarations import OrderedPageQuery
from mockserver.engine.records import Collection
from mockserver.engine.sandbox import Sandbox
from mockserver.model.scope import Record

Row = tuple[str, Record]
"""The name of an API, and one of its records."""


def page_by_time(
    query: OrderedPageQuery,
    sandbox: Sandbox,
    name: str,
    time: str,
    admits: Callable[[Record], bool] | None = None,
) -> tuple[int, list[Row]]:
    """Return the number of records that are admitted, and those of the page."""
    found = [(api, sandbox.store(api).collection(name)) for api in sandbox.apis]
    if not all(_is_ordered(collection, time) for _, collection in found):
        admitted = [row for row in _all(found) if admits is None or admits(row[1])]
        return len(admitted), query.page(_sorted(admitted, time))
    rows = _newest(found, time) if query.order == "newest" else _oldest(found, time)
    if admits is not None:
        return _counted(query, rows, admits)
    total = sum(len(collection) for _, collection in found)
    return total, list(islice(rows, *query.window()))


def _counted(
    query: OrderedPageQuery, rows: Iterable[Row], admits: Callable[[Record], bool]
) -> tuple[int, list[Row]]:
    """Return the number of rows that are admitted, and those of the page; keep no others."""
    start, end = query.window()
    total, page = 0, []
    for row in rows:
        if admits(row[1]):
            if start <= total < end:
                page.append(row)
            total += 1
    return total, page


def _all(found: Iterable[tuple[str, Collection]]) -> Iterator[Row]:
    for api, collection in found:
        yield from _rows(api, collection)


def _is_ordered(collection: Collection, time: str) -> bool:
    return all(starmap(le, pairwise(map(itemgetter(time), collection))))


def _oldest(found: Iterable[tuple[str, Collection]], time: str) -> Iterator[Row]:
    rows = [_rows(api, collection) for api, collection in found if len(collection)]
    return rows[0] if len(rows) == 1 else merge(*rows, key=lambda row: row[1][time])


def _newest(found: list[tuple[str, Collection]], time: str) -> Iterator[Row]:
    rows = [_rows(api, one.newest()) for api, one in reversed(found) if len(one)]
    if len(rows) == 1:
        return rows[0]
    return merge(*rows, key=lambda row: row[1][time], reverse=True)


def _rows(api: str, records: Iterable[Record]) -> Iterator[Row]:
    return ((api, record) for record in records)


def _sorted(rows: list[Row], time: str) -> list[Row]:
    rows.sort(key=lambda row: row[1][time])
    return rows
