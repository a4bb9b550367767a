-- Other servers that collections are filled from or handed on to. What is needed to log in there
-- lies sealed beside the objects.
CREATE TABLE feed (
  name TEXT PRIMARY KEY,
  told TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What becomes of what machines hand over to a collection.
CREATE TABLE report_rule (
  collection TEXT PRIMARY KEY,
  told TEXT NOT NULL
) STRICT, WITHOUT ROWID;
