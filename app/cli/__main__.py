"""`python -m app.cli` is the same as `leaseboard`."""

from app.cli.root import main

main()
