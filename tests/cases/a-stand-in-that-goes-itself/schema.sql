CREATE TABLE users (id bigint PRIMARY KEY, tenant_id integer NOT NULL, code text NOT NULL, UNIQUE (tenant_id, code));
CREATE TABLE posts (id bigint PRIMARY KEY, author_id bigint NOT NULL REFERENCES users ON DELETE CASCADE, body text);
CREATE TABLE votes (
  id bigint PRIMARY KEY,
  tenant_id integer NOT NULL,
  voter text,
  FOREIGN KEY (tenant_id, voter) REFERENCES users (tenant_id, code) ON DELETE SET NULL (voter)
);
CREATE INDEX ON posts (author_id);
CREATE INDEX ON votes (tenant_id, voter);
