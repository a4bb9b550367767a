"""Courier: what travels to a partner on files, as bytes and as rules for cutting and joining."""
