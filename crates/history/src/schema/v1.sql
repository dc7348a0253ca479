-- "Hark" in ASCII: tells a conversation history from any other SQLite file.
PRAGMA application_id = 0x4861726B;

-- `seq` is what the full-text tables point at; ids are UUIDs of 16 bytes. Long texts come last in a row, so that
-- reading the short columns never touches their overflow pages.
CREATE TABLE conversation (
    seq        INTEGER PRIMARY KEY,
    id         BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    pinned     INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),
    created    INTEGER NOT NULL,
    updated    INTEGER NOT NULL,
    deleted_at INTEGER,
    head       BLOB,
    model      TEXT,
    title      TEXT,
    draft      TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX conversation_by_recency ON conversation (pinned DESC, updated DESC, seq DESC) WHERE deleted_at IS NULL;
CREATE INDEX conversation_by_deletion ON conversation (deleted_at) WHERE deleted_at IS NOT NULL;

-- A tree per conversation. `last_child` is the branch last looked at below a message; `writer` names the process that
-- is streaming into the row.
CREATE TABLE message (
    seq          INTEGER PRIMARY KEY,
    id           BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    conversation BLOB NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    parent       BLOB REFERENCES message (id) ON DELETE CASCADE,
    last_child   BLOB,
    role         TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'notice')),
    state        TEXT NOT NULL CHECK (state IN ('streaming', 'complete', 'interrupted', 'failed', 'stopped')),
    created      INTEGER NOT NULL,
    writer       TEXT,
    model        TEXT,
    usage        TEXT,
    reason       TEXT,
    text         TEXT NOT NULL DEFAULT '',
    thinking     TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX message_in_tree ON message (conversation, parent, seq, id);
CREATE INDEX message_by_parent ON message (parent);
CREATE INDEX message_streaming ON message (writer) WHERE state = 'streaming';

-- The draft of the conversation that does not exist yet.
CREATE TABLE loose_text (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;

-- What is searchable. Two line feeds at the end give every pair of characters a trigram that starts with it, so that
-- words of one or two characters (most Chinese ones) are found through the same index. The cut bounds what one
-- enormous message can cost.
CREATE VIEW searchable_message AS
    SELECT seq, substr(text, 1, 100000) || char(10, 10) AS text FROM message WHERE state <> 'streaming';
CREATE VIEW searchable_conversation AS
    SELECT seq, title || char(10, 10) AS text FROM conversation WHERE title IS NOT NULL;
CREATE VIRTUAL TABLE message_fts USING fts5 (
    text, content = 'searchable_message', content_rowid = 'seq', tokenize = 'trigram remove_diacritics 1');
CREATE VIRTUAL TABLE conversation_fts USING fts5 (
    text, content = 'searchable_conversation', content_rowid = 'seq', tokenize = 'trigram remove_diacritics 1');
-- What is purged must not stay readable in the index.
INSERT INTO message_fts (message_fts, rank) VALUES ('secure-delete', 1);
INSERT INTO conversation_fts (conversation_fts, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE message_terms USING fts5vocab (message_fts, 'row');
CREATE VIRTUAL TABLE conversation_terms USING fts5vocab (conversation_fts, 'row');

-- A streaming reply is not indexed until it ends.
CREATE TRIGGER message_inserted AFTER INSERT ON message WHEN new.state <> 'streaming' BEGIN
    INSERT INTO message_fts (rowid, text) VALUES (new.seq, substr(new.text, 1, 100000) || char(10, 10));
END;
CREATE TRIGGER message_deleted AFTER DELETE ON message WHEN old.state <> 'streaming' BEGIN
    INSERT INTO message_fts (message_fts, rowid, text)
        VALUES ('delete', old.seq, substr(old.text, 1, 100000) || char(10, 10));
END;
CREATE TRIGGER message_finished AFTER UPDATE OF text, state ON message
    WHEN old.state = 'streaming' AND new.state <> 'streaming' BEGIN
    INSERT INTO message_fts (rowid, text) VALUES (new.seq, substr(new.text, 1, 100000) || char(10, 10));
END;
CREATE TRIGGER message_changed AFTER UPDATE OF text, state ON message
    WHEN old.state <> 'streaming' AND new.state <> 'streaming' BEGIN
    INSERT INTO message_fts (message_fts, rowid, text)
        VALUES ('delete', old.seq, substr(old.text, 1, 100000) || char(10, 10));
    INSERT INTO message_fts (rowid, text) VALUES (new.seq, substr(new.text, 1, 100000) || char(10, 10));
END;

CREATE TRIGGER conversation_inserted AFTER INSERT ON conversation WHEN new.title IS NOT NULL BEGIN
    INSERT INTO conversation_fts (rowid, text) VALUES (new.seq, new.title || char(10, 10));
END;
CREATE TRIGGER conversation_deleted AFTER DELETE ON conversation WHEN old.title IS NOT NULL BEGIN
    INSERT INTO conversation_fts (conversation_fts, rowid, text)
        VALUES ('delete', old.seq, old.title || char(10, 10));
END;
CREATE TRIGGER conversation_renamed AFTER UPDATE OF title ON conversation BEGIN
    INSERT INTO conversation_fts (conversation_fts, rowid, text)
        SELECT 'delete', old.seq, old.title || char(10, 10) WHERE old.title IS NOT NULL;
    INSERT INTO conversation_fts (rowid, text)
        SELECT new.seq, new.title || char(10, 10) WHERE new.title IS NOT NULL;
END;
