"""STIX 2.1 objects as machines hand them over and ask for them, one by one."""
