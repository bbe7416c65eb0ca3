"""What every HTTP client of ours needs: a body read in time and within bounds, and Retry-After as seconds."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import requests
from requests import exceptions

LONGEST_WAIT = 3600.0  # seconds: a Retry-After beyond it is looked at again after an hour


def read_in_time(response: requests.Response, until: float, largest: int) -> bytes:
    """The whole body, until a monotonic time: a server may send a byte a minute for ever.

    Raises TimeoutError, and requests' ContentDecodingError where it is larger than `largest` bytes.
    """
    parts, size = [], 0
    while part := response.raw.read1(64 * 1024, decode_content=True):
        parts.append(part)
        size += len(part)
        if time.monotonic() > until:
            raise TimeoutError
        if size > largest:
            raise exceptions.ContentDecodingError("the answer is too large")
    return b"".join(parts)


def retry_after(text: str, date: str) -> float | None:
    """Retry-After as seconds or as an HTTP date; measured against the server's own Date where it gives one."""
    text = text.strip()
    if not text:
        return None
    if text.isdigit():
        return min(float(text), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text).timestamp()
        now = parsedate_to_datetime(date).timestamp() if date else time.time()
    except (ValueError, TypeError):
        return None
    return min(max(until - now, 0.0), LONGEST_WAIT)
