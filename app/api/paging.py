"""Which bounded numbers stand in paths and queries?"""

from typing import Annotated

from fastapi import Path, Query

Id = Annotated[int, Path(ge=1, le=2**31 - 1)]
OptionalId = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
Limit = Annotated[int, Query(ge=1, le=1000)]
