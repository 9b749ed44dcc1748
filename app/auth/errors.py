"""How can a caller fail to be let in?"""


class NotSignedIn(Exception):
    """No session, no token, or one that has ended."""


class BadCsrf(Exception):
    """A browser's write without the token of its session."""
