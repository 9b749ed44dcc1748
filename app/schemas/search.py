"""How does something that was found look from outside?"""

from app.schemas.fields import Shape


class HitOut(Shape):
    """Something found: its type is a resource, `matched` says by what, `href` is its address."""

    type: str
    title: str
    note: str
    matched: str
    href: str


class Hits(Shape):
    """What a text finds, the most exact first."""

    items: list[HitOut]
