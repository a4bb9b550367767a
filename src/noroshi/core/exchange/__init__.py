"""The words of other systems: labels and objects out and in, without losing a restriction.

strict_xml   XML from strangers, read without any of its traps
stanag4774   confidentiality labels as XML
stix         markings as STIX 2.1 marking definitions
stix_report  a report as a STIX 2.1 bundle
stix_values  single values as STIX objects
stix_reading the bundle as a report again
"""
