"""The committed outputs: records, their keys, and whether they still hold.

Nothing here imports Sphinx, Dask or nbclient: a clone with only the build environment, on any Python and
beside any device, gives the same answer.
"""

from bookbuild.store.freshness import Freshness, findings, freshness, picture_findings, stale, why
from bookbuild.store.key import CellKey, Profile, explain
from bookbuild.store.records import CellRecord, Record, path, read, write
from bookbuild.store.sources import cpu_profile, keys

__all__ = [
    "CellKey",
    "CellRecord",
    "Freshness",
    "Profile",
    "Record",
    "cpu_profile",
    "explain",
    "findings",
    "freshness",
    "keys",
    "path",
    "picture_findings",
    "read",
    "stale",
    "why",
    "write",
]
