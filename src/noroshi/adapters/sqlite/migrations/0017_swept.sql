-- Pages that were freed may hold what lay in the clear; a file without them is written.
VACUUM;
