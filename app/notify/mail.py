"""How does an alert reach a mailbox? By plain SMTP to the mail server of the house."""

import smtplib
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Final

from app.notify.alerts import Transition

TIMEOUT_S: Final = 10.0


def compose(transitions: Sequence[Transition], sender: str) -> list[EmailMessage]:
    """Return one message for each set of receivers, with all that changed."""
    by_receivers: dict[tuple[str, ...], list[Transition]] = {}
    for transition in transitions:
        if transition.rule.emails:
            by_receivers.setdefault(tuple(transition.rule.emails), []).append(transition)
    messages = []
    for receivers, found in by_receivers.items():
        message = EmailMessage()
        firing = sum(t.alert.state == "firing" for t in found)
        message["Subject"] = f"Leaseboard: {firing} firing, {len(found) - firing} resolved"
        message["From"], message["To"] = sender, ", ".join(receivers)
        lines = [f"{t.alert.state.upper():<9} {t.rule.name}: {t.alert.message}" for t in found]
        message.set_content("\n".join(lines) + "\n")
        messages.append(message)
    return messages


def send(messages: Sequence[EmailMessage], server: str) -> None:
    """Hand the messages to a mail server, HOST:PORT; raises OSError or SMTPException."""
    host, _, port = server.rpartition(":")
    with smtplib.SMTP(host or server, int(port) if host else 25, timeout=TIMEOUT_S) as smtp:
        for message in messages:
            smtp.send_message(message)
