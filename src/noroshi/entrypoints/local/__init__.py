"""The local door: requests of the command line to the process that serves a home."""
