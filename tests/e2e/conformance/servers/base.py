"""What must a server under test be able to do?"""

import os
import signal
import subprocess
from abc import ABC, abstractmethod

from tests.e2e.conformance.lab import Lab, sentinel
from tests.e2e.conformance.scenario import Network

START_S = 20.0
STOP_S = 15


class Server(ABC):
    """A DHCP server in the lab's server namespace. `lacks`: features that its manual does not offer."""

    name: str
    lacks: frozenset[str] = frozenset()

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.process: subprocess.Popen[bytes] | None = None

    def offers(self, network: Network) -> bool:
        return network.needs not in self.lacks

    @abstractmethod
    def start(self) -> None:
        """Write the configuration and start the program."""

    def wait(self) -> None:
        """Return when both wires are answered."""
        for cable in (self.lab.link, self.lab.relayed):
            for attempt in range(int(START_S * 5)):
                assert self.process is None or self.process.poll() is None, f"{self.name} ended\n{self.lab.log()}"
                try:
                    sentinel(self.lab, cable, 0.2)
                except AssertionError:
                    if attempt + 1 == int(START_S * 5):
                        raise
                else:
                    break

    def stop(self) -> None:
        """End the program and its children."""
        if self.process is None or self.process.poll() is not None:
            return
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(STOP_S)
