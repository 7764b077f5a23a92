"""Work that follows from a commit: queued in the same transaction, done once."""
