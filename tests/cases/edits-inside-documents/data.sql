INSERT INTO users VALUES
    (1, '{"facebook_id": "gone-fb", "height": 180, "name": "gone Anna", "theme": "dark", "age": 37,
          "card": "4111-gone", "contacts": [{"email": "gone@example.org", "kind": "work"}, {"kind": "home"}, {"email": null}]}'),
    (2, '{"facebook_id": "stays", "name": "Bob", "contacts": [{"email": "bob@example.org"}]}');
INSERT INTO messages VALUES
    -- Order, keys that stand twice, the spelling of numbers and strings.
    (1, 1, '{"z": 1.50e3, "to": {"name": "gone", "ref": "a\u0062\/c"},  "a": [1,  2], "text": "gone", "text": "gone again"}'),
    -- Nothing is left to do.
    (2, 1, '{ "z" :   1.0,"text":"[deleted]" }'),
    (3, 1, '{"to":{"name":null},"text":"[deleted]"}'),
    (4, 1, NULL),
    (5, 2, '{"text":"stays"}');
INSERT INTO drafts VALUES
    (1, 1, '{"subject": "gone", "score": 17.5, "limit": "99", "flag": true, "pin": 1234, "who": ["gone-1", "gone-2", null]}'),
    (2, 1, '{"subject": null, "score": "gone seventeen", "flag": null, "pin": [12, 34], "who": []}'),
    (3, 2, '{"subject": "stays"}');
