-- What a message has attached, in the order in which it was. The files themselves are not here: `content` names them.
-- `width` and `height` are a picture's, in pixels.
CREATE TABLE attachment (
    message    BLOB NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    content    TEXT NOT NULL,
    name       TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes      INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    width      INTEGER,
    height     INTEGER,
    PRIMARY KEY (message, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_by_content ON attachment (content);
