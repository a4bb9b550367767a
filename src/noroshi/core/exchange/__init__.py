"""The words of other systems: labels and objects out and in, without losing a restriction.

strict_xml   XML from strangers, read without any of its traps
stanag4774   confidentiality labels as XML
stix         markings as STIX 2.1 marking definitions
"""
