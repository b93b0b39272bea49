INSERT INTO users VALUES (1), (2);
INSERT INTO notes
SELECT row_number() OVER (ORDER BY n), 1, d::jsonb, d::json, ARRAY[d::jsonb, NULL, d::jsonb], ARRAY[d::json, NULL],
    CASE WHEN jsonb_typeof(d::jsonb) = 'string' THEN 'null' ELSE d::jsonb END
FROM (VALUES
    (1, '"a text"'), (2, '42'), (3, 'null'), (4, 'true'), (5, '{}'), (6, '[]'), (7, '[[], {}, [[{"deep": "gone"}]]]'),
    (8, '{"a": {"b": "gone", "c": "kept"}, "list": [[{"x": "gone"}, {"y": 1}], [], "text", [{"x": null}]]}'),
    (9, '{"a": "a text where an object was meant", "list": "likewise"}'),
    (10, '{"odd key": "gone", "it''s": "gone", "\"": "gone", "$": "gone", "a.b": "gone", "": "gone", "ä😀": "gone", "a\\b": "gone"}'),
    (11, '{"l": {"l": {"l": {"l": {"l": {"l": {"l": {"l": {"l": {"l": {"secret": "gone", "open": 1}}}}}}}}}}}'),
    (12, '{"\u0061": {"b": "gone"}, "odd\u0020key": "gone", "\u00e4\ud83d\ude00": "gone"}'),
    (13, '{"n": 123456789012345678901234567890.12345678901234567890, "a": {"b": 1e100}}')
) AS documents (n, d);
INSERT INTO notes VALUES
    -- What only `json` takes.
    (20, 1, NULL, '{"a": {"b": "gone", "b": "gone \u0000 too", "c": "kept \u0000 \ud83d \\u0000"}, "\u0000": "\ude00"}', NULL,
     ARRAY['{"a": {"b": "\ud83d\ud83d\ude00"}}', '["\u0000"]']::json[], '{}'),
    (21, 1, NULL, '{"n": 1E400000, "a": {"b": -1e-400000, "c": 1.50}, "n": 2}', '{}', '{}', '[]'),
    (22, 1, NULL, '{"a\u0000": 1, "a": {"c": "\\\\", "\\u0041": "\u0041\u0001\u001f"}}', NULL, NULL, '{}'),
    (23, 1, NULL, NULL, NULL, NULL, '{"a": {"b": "gone"}}'),
    (99, 2, '{"a": {"b": "stays"}}', '{"a":{"b":1}}', NULL, NULL, '{}');
