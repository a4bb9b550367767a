"""A report as its reader sees it: one sheet of blocks, which each screen and print draws."""
