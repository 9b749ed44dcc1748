"""Who watches and tells? One of the web processes: the one that holds the lock."""

import fcntl
import logging
import threading
import time
from smtplib import SMTPException
from typing import IO, Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.database import SessionFactory, unit_of_work
from app.notify import alerts, mail, outbox, sender
from app.schemas.targets import parse_networks
from app.settings import Settings

log = logging.getLogger("leaseboard.notify")
PAUSE_S: Final = 0.5
LEAD_AGAIN_S: Final = 2.0
ALERTS_EVERY_S: Final = 5.0
PURGE_EVERY_S: Final = 60.0
LOCK: Final = 0x1EA60
"""PostgreSQL's advisory lock; on SQLite a file beside the database is locked."""


class Leadership:
    """The lock that one process at a time holds, until it ends or its connection does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held: Any = None

    def take(self) -> bool:
        """Tell whether this process leads, taking the lock if it is free; raises SQLAlchemyError."""
        if self._engine.dialect.name == "sqlite":
            return self._take_file()
        if self._held is None:
            self._held = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        held = select_holder(self._held) or bool(self._held.scalar(text(f"SELECT pg_try_advisory_lock({LOCK})")))
        return held

    def _take_file(self) -> bool:
        if self._held is None:
            handle: IO[str] = open(f"{self._engine.url.database}.notify.lock", "w")  # noqa: SIM115  # held on
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                handle.close()
                return False
            self._held = handle
        return True

    def drop(self) -> None:
        """Give the lock back."""
        held, self._held = self._held, None
        if held is not None:
            if self._engine.dialect.name != "sqlite":
                held.invalidate()
            held.close()


def select_holder(connection: Any) -> bool:
    """Tell whether this very connection holds the lock (PostgreSQL counts each taking anew)."""
    query = f"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = {LOCK} AND pid = pg_backend_pid()"
    return connection.scalar(text(query)) is not None


class Keeper:
    """The background thread: new events into messages, due messages out, rules looked at."""

    def __init__(self, engine: Engine, factory: SessionFactory, settings: Settings) -> None:
        self._factory = factory
        self._settings = settings
        self._lead = Leadership(engine)
        self._sender = sender.Sender(self._factory, parse_networks(settings.webhook_allow))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notify", daemon=True)
        self._next_alerts = self._next_purge = 0.0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is under way and end; what waits is in the database."""
        self._stop.set()
        self._thread.join(sender.TIMEOUT_S + 5)
        self._sender.close()
        self._lead.drop()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                pause = self.turn() if self._lead.take() else LEAD_AGAIN_S
            except (SQLAlchemyError, OSError) as error:
                log.warning("webhooks and alerts: %s", error)
                self._lead.drop()
                pause = LEAD_AGAIN_S
            self._stop.wait(pause)

    def turn(self) -> float:
        """Do what is due; return the seconds until the next turn."""
        with unit_of_work(self._factory, writing=False) as session:
            news = outbox.has_news(session)
        made = 0
        if news:
            with unit_of_work(self._factory) as session:
                made = outbox.collect(session)
        sent = self._sender.send_due()
        moment = time.monotonic()
        if moment >= self._next_alerts:
            self._next_alerts = moment + ALERTS_EVERY_S
            self.watch()
        if moment >= self._next_purge:
            self._next_purge = moment + PURGE_EVERY_S
            with unit_of_work(self._factory) as session:
                sender.purge(session)
        return 0.0 if made or sent == sender.AT_ONCE else PAUSE_S

    def watch(self) -> None:
        """Look at the rules, and tell what began or ended; looking holds no lock that a worker could wait for."""
        with unit_of_work(self._factory, writing=False) as session:
            looked = alerts.look(session)
            news = alerts.is_news(session, looked)
        if not news:
            return
        with unit_of_work(self._factory) as session:
            changed = alerts.evaluate(session, looked)
            outbox.announce(session, "alert", [transition.event() for transition in changed])
        messages = mail.compose(changed, self._settings.smtp_from)
        if messages and self._settings.smtp:
            try:
                mail.send(messages, self._settings.smtp)
            except (OSError, SMTPException, ValueError) as error:
                log.warning("mail about %d alerts was not sent: %s", len(changed), error)
