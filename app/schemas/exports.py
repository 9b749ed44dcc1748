"""How do an export's formats and its report look from outside?"""

from app.schemas.fields import Shape


class ExportFormatOut(Shape):
    """A format to export in; tables: which may be named, empty = all are in the one file."""

    name: str
    title: str
    media_type: str
    tables: list[str]


class LossOut(Shape):
    """Something that the format cannot say, how often, and some of the objects that have it."""

    what: str
    count: int
    examples: list[str]


class ExportReport(Shape):
    """What is not in the file."""

    format: str
    losses: list[LossOut]
