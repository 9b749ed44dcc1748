"""How does a receiver know that a message is ours, whole and fresh?

    Leaseboard-Signature: t=1800000000,v1=5257a869e7...
    v1 = HMAC-SHA256(secret, "<t>." + body), hexadecimal

A receiver computes v1 anew over the raw body, compares it in constant time, and refuses a `t` that is more than
five minutes away from its own clock. `Leaseboard-Delivery` is the same at each attempt: what was seen is dropped.
"""

import hashlib
import hmac
from typing import Final

HEADER: Final = "Leaseboard-Signature"
TOLERANCE_S: Final = 300


def sign(secret: str, body: bytes, *, now: int) -> str:
    """Return the header of a body sent at a moment, in seconds since 1970."""
    return f"t={now},v1={_digest(secret, body, now)}"


def verify(secret: str, body: bytes, header: str, *, now: int) -> bool:
    """Tell whether the header fits the body and the moment; this is what a receiver does."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    sent = parts.get("t", "")
    if not sent.isdecimal() or abs(now - int(sent[:20])) > TOLERANCE_S:
        return False
    return hmac.compare_digest(parts.get("v1", "").encode(), _digest(secret, body, int(sent)).encode())


def _digest(secret: str, body: bytes, moment: int) -> str:
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
