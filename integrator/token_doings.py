"""What is asked of tokens: one is made, they are listed, one is removed; and whose a token is."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from integrator.errors import Rejected
from integrator.line import Line
from integrator.store import journal, tokens
from integrator.store.tokens import Token

Json = dict[str, Any]

PREFIX = "int_"  # by which a scanner for lost secrets knows it
LONGEST_NAME, LONGEST_LIFE = 64, 366  # characters; days


class Tokens:
    """Each method is one command; it takes and returns JSON values, so that the control socket can carry them."""

    def __init__(self, line: Line):
        self.line = line

    def commands(self) -> dict[str, Callable[..., Any]]:
        """The commands by the names that the socket knows."""
        return {"token add": self.add, "token list": self.list, "token remove": self.remove}

    def add(self, name: str, days: int = 90, actor: str = "command line") -> Json:
        """Makes a token and returns it; it is kept nowhere and cannot be shown again."""
        name = name.strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise Rejected(f"the name of a token has 1 to {LONGEST_NAME} characters that can be shown")
        if not 1 <= days <= LONGEST_LIFE:
            raise Rejected(f"a token is good for 1 to {LONGEST_LIFE} days, not for {days}")
        made = PREFIX + secrets.token_urlsafe(32)
        now = self.line.clock.now()
        token = Token(name, digest_of(made), made[-4:], now, now + timedelta(days=days))
        with self.line.store.write() as tx:
            if not tokens.add(tx, token):
                raise Rejected(f"there is a token {name} already; remove it first, or choose another name")
            journal.write(tx, now, actor, "token made", "token", name, detail={"expires": token.expires.isoformat()})
        return {"token": made, **self._shown(token)}

    def list(self) -> list[Json]:
        """Every token by name, without the token itself."""
        with self.line.store.read() as tx:
            return [self._shown(token) for token in tokens.everyone(tx)]

    def remove(self, name: str, actor: str = "command line") -> Json:
        """Removes a token; the program that has it is refused from now on."""
        with self.line.store.write() as tx:
            if not tokens.remove(tx, name.strip()):
                raise Rejected(f"there is no token {name}")
            journal.write(tx, self.line.clock.now(), actor, "token removed", "token", name.strip())
            left = len(tokens.everyone(tx))
        return {"removed": name.strip(), "left": left}

    def _shown(self, token: Token) -> Json:
        return {
            "name": token.name,
            "ends_with": token.ending,
            "made_at": token.made_at.isoformat(),
            "expires": token.expires.isoformat(),
            "expired": token.expires <= self.line.clock.now(),
        }


def digest_of(token: str) -> bytes:
    """What is kept of a token. It is 256 random bits, so a plain digest cannot be guessed back."""
    return hashlib.sha256(token.encode()).digest()


def token_of(known: Iterable[Token], shown: str) -> Token | None:
    """The token that a program shows, expired or not; None: it is none of these."""
    digest = digest_of(shown)
    return next((token for token in known if hmac.compare_digest(token.digest, digest)), None)
