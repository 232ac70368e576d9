"""Many rows in one statement: `unnest` is twice as fast as one row at a time, and a batch stays one round trip."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

Row = Mapping[str, Any]
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Insert:
    """Rows for one table, all with the same columns; those already there are left alone."""

    table: sa.Table
    rows: Sequence[Row]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns its rows have."""
        return tuple(self.rows[0])


async def insert(connection: AsyncConnection, first: Insert, *others: Insert) -> int:
    """Insert into several tables by one statement. Returns how many rows of `first` were new."""
    wanted = [one for one in (first, *others) if one.rows]
    if not wanted:
        return 0
    arrays = [_arrays(one.table, one.columns, one.rows, f"t{number}_") for number, one in enumerate(wanted)]
    counted = await connection.execute(
        _insert(tuple((one.table, one.columns) for one in wanted)), {k: v for each in arrays for k, v in each.items()}
    )
    return int(counted.scalar_one()) if first.rows else 0


async def update(connection: AsyncConnection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Set the columns of rows found by the table's primary key, which the rows hold too."""
    if rows:
        columns = tuple(rows[0])
        await connection.execute(_update(table, columns), _arrays(table, columns, rows))


@lru_cache(maxsize=256)
def _insert(wanted: tuple[tuple[sa.Table, tuple[str, ...]], ...]) -> sa.TextClause:
    parts = [
        f"t{number} as ({_insert_one(table, columns, f't{number}_')} returning 1)"
        for number, (table, columns) in enumerate(wanted)
    ]
    return sa.text(f"with {', '.join(parts)} select count(*) from t0")


def _insert_one(table: sa.Table, columns: tuple[str, ...], prefix: str) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    return (
        f"insert into {table.fullname} ({names}) select {_values(table, columns)} "
        f"from {_unnest(table, columns, prefix)} on conflict do nothing"
    )


@lru_cache(maxsize=256)
def _update(table: sa.Table, columns: tuple[str, ...]) -> sa.TextClause:
    keys = [column.name for column in table.primary_key]
    changes = ", ".join(f'"{name}" = {_value(table, name)}' for name in columns if name not in keys)
    same = " and ".join(f'present."{key}" = given."{key}"' for key in keys)
    return sa.text(f"update {table.fullname} as present set {changes} from {_unnest(table, columns)} where {same}")


def _values(table: sa.Table, columns: Iterable[str]) -> str:
    return ", ".join(_value(table, column) for column in columns)


def _value(table: sa.Table, column: str) -> str:
    return f'given."{column}"::jsonb' if isinstance(table.c[column].type, JSONB) else f'given."{column}"'


def _unnest(table: sa.Table, columns: Iterable[str], prefix: str = "") -> str:
    arrays = ", ".join(f"cast(:{prefix}{column} as {_array_type(table.c[column])}[])" for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    return f"unnest({arrays}) as given({names})"


def _array_type(column: sa.Column[Any]) -> str:
    return "text" if isinstance(column.type, JSONB) else column.type.compile(dialect=_DIALECT)


def _arrays(table: sa.Table, columns: Iterable[str], rows: Sequence[Row], prefix: str = "") -> dict[str, list[Any]]:
    return {
        prefix + column: [_json(row[column]) for row in rows]
        if isinstance(table.c[column].type, JSONB)
        else [row[column] for row in rows]
        for column in columns
    }


def _json(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()
