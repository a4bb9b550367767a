"""TAXII 2.1 at the desk door: machines read objects of STIX and hand them over."""
