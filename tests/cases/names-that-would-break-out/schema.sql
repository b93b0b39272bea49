CREATE TABLE "select" ("user" integer PRIMARY KEY, "a""b" text, "Übung" text, "$efface$" text);
CREATE TABLE "x
; DROP TABLE y; --" (
    "id
-- " integer PRIMARY KEY,
    "select" integer REFERENCES "select",
    "tab	stop" text
);
CREATE TABLE y ("from" integer REFERENCES "select", note text, status text, id integer PRIMARY KEY);
CREATE TABLE "a""b.c" (a2345678901234567890123456789012345678901234567890123456789012 text, "Id" integer REFERENCES "select");
CREATE INDEX ON "x
; DROP TABLE y; --" ("select");
CREATE INDEX ON y ("from");
CREATE INDEX ON "a""b.c" ("Id");
