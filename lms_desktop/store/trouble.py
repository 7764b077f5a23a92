"""What an error of SQLite or of the file system means for the learner."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from lms_desktop.store.errors import Storage, StorageTrouble


@contextmanager
def as_storage_trouble() -> Iterator[None]:
    """Turn the database's and the file system's errors into StorageTrouble; what was committed before is safe."""
    try:
        yield
    except DBAPIError as error:
        raise StorageTrouble(storage_code(error.orig)) from error
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise StorageTrouble(storage_code(error)) from error
    except OSError as error:
        raise StorageTrouble(file_code(error)) from error


def storage_code(error: BaseException | None) -> Storage:
    """What a SQLite error means for the learner."""
    # Bytes that are no text, in a row, or in what SQLite says of a garbled schema.
    if isinstance(error, UnicodeDecodeError) or str(error).startswith("Could not decode to UTF-8"):
        return Storage.DAMAGED
    name = getattr(error, "sqlite_errorname", "") or ""
    # Without room for the write-ahead log's index, SQLite speaks of an I/O error.
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")):
        return Storage.FULL
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return Storage.READ_ONLY
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return Storage.DAMAGED
    return Storage.TROUBLE


def file_code(error: OSError) -> Storage:
    """What an error of the file system means for the learner."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Storage.FULL
    # Among them: the app's folder, or one above it, is a file.
    denied = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST}
    return Storage.READ_ONLY if error.errno in denied else Storage.TROUBLE
