"""Which addresses of a block of 64 are leased or declined, so that counting costs no look at the leases?"""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId


class LeaseBlock(Base):
    """64 IPv4 addresses from `block` * 64 on; bit n tells of address n. Written with each lease, by the worker.

    The blocks are fixed parts of the address space: no change of subnets or pools ever touches them. The bits are a
    signed 64-bit number: 64 leased addresses are -1.
    """

    __tablename__ = "lease_blocks"

    block: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    active: Mapped[int] = mapped_column(BigInteger)
    declined: Mapped[int] = mapped_column(BigInteger)
