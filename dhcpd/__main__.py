"""How is the worker started? `python -m dhcpd`."""

import argparse
import errno
import fcntl
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import IO

from dhcpd.adapters.shard import Shard
from dhcpd.adapters.store import open_database, sqlite_path
from dhcpd.worker import Worker

ALREADY_RUNNING = 75  # EX_TEMPFAIL
NO_PORT = 69  # EX_UNAVAILABLE


def main() -> int:
    """Run the worker until SIGTERM or SIGINT; 75 when another serves this SQLite database, 69 without its port."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    lock = _lock(arguments.database)
    if lock is None:
        print("another worker serves this SQLite database; use PostgreSQL for several", file=sys.stderr)
        return ALREADY_RUNNING
    names = [n.strip() for entry in arguments.interface for n in entry.split(",") if n.strip()]
    name, shard = socket.gethostname(), arguments.shard
    if shard is not None:
        name = f"{name}/{shard.number}"
    worker = Worker(open_database(arguments.database), name, names, arguments.dhcp_port, shard)
    if arguments.supervised:
        worker.stop_without(os.getppid())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    try:
        worker.open()
    except OSError as error:
        print(_why_not_open(arguments.dhcp_port, error), file=sys.stderr)
        return NO_PORT
    worker.run()
    return 0


def _why_not_open(port: int, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return (
            f"Port {port} needs root. Without it choose a port above 1023, such as LEASEBOARD_DHCP_PORT=1067: "
            "relayed and simulated clients are served there."
        )
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program, perhaps another DHCP server: stop it or choose a port."
    return f"Port {port} can't be opened: {error}"


def _arguments() -> argparse.Namespace:
    env = os.environ.get
    parser = argparse.ArgumentParser(prog="leaseboard dhcpd", description="The DHCP worker of Leaseboard.")
    default = env("LEASEBOARD_DATABASE_URL", "sqlite:///var/leaseboard.db")
    parser.add_argument("--database", default=default, metavar="URL")
    interfaces = [env("LEASEBOARD_INTERFACES", "")]
    parser.add_argument("--interface", action="append", default=None, metavar="IF")
    parser.add_argument("--dhcp-port", type=int, default=int(env("LEASEBOARD_DHCP_PORT", "67")), metavar="N")
    parser.add_argument("--shard", type=_shard, metavar="K/N", help="be one of N workers on this host, from 0")
    parser.add_argument("--supervised", action="store_true", help="stop when the process that started it is gone")
    arguments = parser.parse_args()
    arguments.interface = arguments.interface or interfaces
    return arguments


def _shard(text: str) -> Shard:
    number, _, workers = text.partition("/")
    if not (number.isdecimal() and workers.isdecimal() and int(number) < int(workers) <= 64):
        raise argparse.ArgumentTypeError(f"{text!r} is not like 0/2")
    return Shard(int(number), int(workers))


def _lock(url: str) -> IO[str] | None:
    """Take the lock of a SQLite database; None when another worker has it."""
    path = sqlite_path(url)
    if path is None:
        return sys.stdin
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    handle = open(f"{path}.worker.lock", "w")  # noqa: SIM115  # held until the process ends
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle


if __name__ == "__main__":
    sys.exit(main())
