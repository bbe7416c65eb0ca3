"""Who may ask, and what the browser may do with the answer: loopback only, no foreign sites, a strict policy."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    # no 'unsafe-inline' and no 'unsafe-eval': styles and scripts come from files of ours only
)
API = "/api/"  # where programs ask
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def guard(app: Flask) -> None:
    """Refuses everyone but this machine until sign-in exists, and puts the headers on every answer."""

    @app.before_request
    def only_this_machine() -> None:
        if not _is_loopback(request.remote_addr):
            abort(403, "Until sign-in exists, these pages answer on this machine only.")
        if not _names_this_machine(request.host):  # a foreign name that was pointed at this machine
            abort(403, "Until sign-in exists, these pages are reached as localhost only.")
        if request.method not in ("GET", "HEAD", "OPTIONS") and not (_from_our_own_page() or _from_a_program()):
            abort(403, "This was not sent by a page of the Integrator.")

    @app.after_request
    def headers(answer: Response) -> Response:
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        if request.endpoint != "static":
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer


def _is_loopback(address: str | None) -> bool:
    try:
        return address is not None and ip_address(address).is_loopback
    except ValueError:
        return False


def _names_this_machine(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    return name == "localhost" or _is_loopback(name)


def _from_our_own_page() -> bool:
    """Every browser of today sends Sec-Fetch-Site or Origin with a form."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc == request.host


def _from_a_program() -> bool:
    """What comes to the JSON API from no browser: every browser of today names the site that sends.

    An old one that does not cannot send JSON from another site without asking first, which is never granted, and the
    API reads no other body.
    """
    named = request.headers.get("Sec-Fetch-Site") or request.headers.get("Origin")
    return request.path.startswith(API) and named is None
