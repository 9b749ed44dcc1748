"""What does the script of a chart get?"""

from collections.abc import Sequence
from typing import Any

from fastapi.responses import JSONResponse

from app.models.base import utc_now


def columns(
    at: Sequence[int], series: list[dict[str, Any]], length_s: int, *, unit: str, empty: str
) -> JSONResponse:
    """Return a chart's columns over the moments `at` (Unix seconds); it is `length_s` long and ends now.

    empty: what stands there while there are no points.
    """
    until = int(utc_now().timestamp())
    shown = {"x": list(at), "series": series, "unit": unit, "empty": empty}
    return JSONResponse({**shown, "from": until - length_s, "to": until})
