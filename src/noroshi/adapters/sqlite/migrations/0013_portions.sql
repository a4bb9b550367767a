-- What a report that was sent drags along under a marking of its own: portions, objects of a bundle,
-- reports that it refers to. The release check asks for each at every exit. Without a partner: for
-- all that are addressed.
CREATE TABLE dragged (
  report BLOB NOT NULL,
  partner TEXT NOT NULL DEFAULT '',
  marking TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (report, partner, marking, name)
) STRICT, WITHOUT ROWID;
