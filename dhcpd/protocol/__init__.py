"""Bytes to objects and back: the DHCPv4 wire formats, with no I/O, clock or randomness."""
