"""What can be wrong with bytes from the wire, and with a value that a user wrote?"""


class DecodeError(Exception):
    """Bytes that are not a valid message; the packet is counted under `code` and dropped.

    `code` is stable and kebab-case ("truncated", "bad-cookie"); `detail` says what was seen.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        """Return the code, then the detail if there is one."""
        return f"{self.code}: {self.detail}" if self.detail else self.code


class OptionValueError(ValueError):
    """A value that an option cannot carry; its text is a plain sentence for the user who wrote it.

    The sentence is `subject` and `problem` in a row: "routers needs at least one IPv4 address".
    """

    def __init__(self, problem: str, subject: str = "the value") -> None:
        super().__init__(problem, subject)
        self.problem = problem
        self.subject = subject

    def __str__(self) -> str:
        """Return the sentence."""
        return f"{self.subject} {self.problem}"
