"""Padmé padding: a length says little, and costs at most 12 % (PURBs, Nikitin et al. 2019)."""


def padme(size: int) -> int:
    """Return the length to which `size` bytes are padded.

    >>> [padme(n) for n in (0, 1, 9, 100, 1000, 5000)]
    [0, 1, 10, 104, 1024, 5120]
    """
    if size < 2:  # noqa: PLR2004 - too short to have a mantissa
        return size
    exponent = size.bit_length() - 1
    low_bits = exponent - exponent.bit_length()
    mask = (1 << max(low_bits, 0)) - 1
    return (size + mask) & ~mask
