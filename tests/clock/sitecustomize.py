# mypy: ignore-errors
"""A clock that shows the last minute of 1999, for every Python program that has this folder on its path."""

import datetime
import time

AHEAD = 946_684_740 - int(time.time())
_time, _time_ns, _local, _utc, _format = time.time, time.time_ns, time.localtime, time.gmtime, time.strftime


class _Kind(type):
    def __instancecheck__(cls, value):
        return isinstance(value, _real)


_real = datetime.datetime


class _Datetime(_real, metaclass=_Kind):
    @classmethod
    def now(cls, tz=None):
        return _real.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls):
        return _real.fromtimestamp(time.time(), datetime.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls):
        return cls.now()


time.time = lambda: _time() + AHEAD
time.time_ns = lambda: _time_ns() + AHEAD * 10**9
time.localtime = lambda seconds=None: _local(time.time() if seconds is None else seconds)
time.gmtime = lambda seconds=None: _utc(time.time() if seconds is None else seconds)
time.strftime = lambda form, when=None: _format(form, time.localtime() if when is None else when)
datetime.datetime = _Datetime
