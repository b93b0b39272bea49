DO $$ BEGIN CREATE ROLE efface_case_tenant; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE TABLE users (id integer PRIMARY KEY, tenant integer, name text);
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON users USING (tenant = 2);
GRANT SELECT, UPDATE, DELETE ON users TO efface_case_tenant;
