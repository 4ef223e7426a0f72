"""What SQL that anybody writes may do. Read by the process that runs it, so nothing but Python's own library."""

from __future__ import annotations

import sqlite3

SECONDS = 2.0
"""Time of the processor that a query may take."""

WALL_SECONDS = 4.0
"""Time that it may take as a clock on the wall has it: on a busy machine a query waits for the processor."""

AT_WORK = 0.25
"""Time of the processor that a query has had which was not kept waiting: short ones have an answer by then."""

PROCESSOR_SECONDS = 3
"""Time of the processor that the process may take; the kernel ends it then."""

NICENESS = 5
"""How much a query stands back for pages: it gets a third of the processor's time when they want all of it."""

MEMORY = 256 * 1024 * 1024
"""Bytes of addresses that the process may have, Python itself included."""

HEAP = 64 * 1024 * 1024
"""Bytes that SQLite may take."""

ROWS = 1_000
"""Rows of an answer; more are not sent, and the answer says so."""

ANSWER = 5_000_000
"""Bytes of an answer."""

STEPS = 5_000
"""Instructions of SQLite's machine between two looks at the clock."""

LONGEST = 8_000
"""Characters of a query."""

LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 4 * LONGEST,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 50_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 32,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 100,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
"""SQLite's own limits (sqlite.org/limits.html): bytes of a text or a row, columns, depth, and so on."""

# sqlite.org/lang_aggfunc.html, lang_corefunc.html, lang_datefunc.html, windowfunctions.html, json1.html, fts5.html
NAMES = """
avg count group_concat max min sum total string_agg
abs char coalesce format glob hex ifnull iif instr length like lower ltrim nullif octet_length printf quote random
replace round rtrim sign substr substring trim typeof unicode upper concat concat_ws unhex likely unlikely
date time datetime julianday strftime unixepoch timediff current_date current_time current_timestamp
row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
json json_array json_array_length json_each json_extract json_group_array json_group_object json_object json_quote
json_tree json_type json_valid -> ->>
match bm25 highlight snippet
acos asin atan atan2 ceil ceiling cos degrees exp floor ln log log10 log2 mod pi pow power radians sin sqrt tan trunc
"""
FUNCTIONS = frozenset(NAMES.split())
"""Functions that a query may call. A list of what is allowed: a function that SQLite gets later is not on it."""

PRAGMAS = frozenset(["table_info", "table_xinfo", "index_list", "index_info", "foreign_key_list", "data_version"])
"""Pragmas that a query may read, as tables such as pragma_table_info; FTS5 reads the last one itself."""

READING = frozenset([sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE])


def authorized(action: int, first: str | None, second: str | None, _database: str | None, _by: str | None) -> int:
    """SQLite's question whether a statement may do something (sqlite.org/c3ref/set_authorizer.html)."""
    if action in READING:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in FUNCTIONS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and (first or "").lower() in PRAGMAS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
