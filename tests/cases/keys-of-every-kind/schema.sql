CREATE TABLE users (
  id bigint PRIMARY KEY,
  tenant_id integer NOT NULL,
  code text NOT NULL,
  favourite_id bigint,
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, code)
);
CREATE TABLE documents (
  id bigint PRIMARY KEY,
  tenant_id integer NOT NULL,
  owner_id bigint,
  FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id) ON DELETE SET NULL (owner_id)
);
CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users DEFERRABLE INITIALLY IMMEDIATE, body text);
ALTER TABLE users ADD FOREIGN KEY (favourite_id) REFERENCES notes DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE badges (id bigint PRIMARY KEY, code text, tenant integer, FOREIGN KEY (code, tenant) REFERENCES users (code, tenant_id));
CREATE TABLE bookings (client_id bigint NOT NULL REFERENCES users, trainer_id bigint REFERENCES users, at date);
CREATE TABLE visits (id bigint PRIMARY KEY, user_id bigint, place text);
CREATE INDEX ON users (favourite_id);
CREATE INDEX ON documents (tenant_id, owner_id);
CREATE INDEX ON notes (user_id);
CREATE INDEX ON badges (code, tenant);
CREATE INDEX ON bookings (client_id);
CREATE INDEX ON bookings (trainer_id);
CREATE INDEX ON visits (user_id);
INSERT INTO visits VALUES (1, 13, 'an orphan that stays');
ALTER TABLE visits ADD CONSTRAINT visits_user_id_fkey FOREIGN KEY (user_id) REFERENCES users NOT VALID;
