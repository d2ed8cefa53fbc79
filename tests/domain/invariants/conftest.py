"""What the laws look at."""

from tests.support.whole_log import log

__all__ = ["log"]
