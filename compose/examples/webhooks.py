"""Verifies what Kefu signs, as https://www.standardwebhooks.com specifies. Standard library only, Python 3.11."""

import base64
import hashlib
import hmac
import time

# A message that is older, or newer, is refused: somebody may have recorded it.
TOLERANCE_SECONDS = 5 * 60


class BadSignature(Exception):
    """Not from somebody who knows the secret, or not from now."""


def keys(secrets: str) -> list[bytes]:
    """The keys in `whsec_…`; several, separated by commas, while a secret is being replaced."""
    found = []
    for secret in filter(None, (part.strip() for part in secrets.split(","))):
        if not secret.startswith("whsec_"):
            raise ValueError("a secret is whsec_ and base64 of 24 to 64 bytes")
        found.append(base64.b64decode(secret.removeprefix("whsec_"), validate=True))
    return found


def verify(headers, body: bytes, keys: list[bytes], now: float | None = None) -> str:
    """Checks the signature over the body's bytes as they came; returns the `webhook-id`, or raises BadSignature."""
    id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    try:
        age = (time.time() if now is None else now) - int(timestamp)
    except ValueError:
        raise BadSignature("no webhook-timestamp") from None
    if not id or abs(age) > TOLERANCE_SECONDS:
        raise BadSignature("no webhook-id" if not id else f"the message is {age:.0f} s old")
    signed = f"{id}.{timestamp}.".encode() + body
    # The sender may sign with two secrets, the receiver may know two: one pair has to agree.
    for given in headers.get("webhook-signature", "").split():
        version, _, signature = given.partition(",")
        for key in keys:
            right = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
            if version == "v1" and hmac.compare_digest(signature.encode(), right.encode()):
                return id
    raise BadSignature("no signature fits")
