"""What an admin runs: backup, doctor, metrics."""
