"""Decisions: a packet and what is known in, a reply and changes out. Pure."""
