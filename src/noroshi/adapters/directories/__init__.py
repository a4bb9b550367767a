"""Directories as TUF repositories, by python-tuf: read, written, and their roots signed."""
