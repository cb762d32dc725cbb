"""Days, hours, weeks and what "never" is: all instants are whole milliseconds since 1970 in UTC."""

from typing import Final

SECOND_MS: Final = 1_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000

NONE: Final = -(1 << 62)  # an instant that is not there
NEVER: Final = 1 << 62  # an instant that does not come
NO_DAY: Final = -(1 << 31)  # a day (or hour) that is not there, in 32 bits
