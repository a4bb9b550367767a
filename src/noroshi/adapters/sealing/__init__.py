"""Cryptography by pyca/cryptography behind the ports of the envelope."""
