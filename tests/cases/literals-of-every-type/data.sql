INSERT INTO users (id, name, a_jsonb, b_json, c_texts) VALUES
    (1, 'Anna', '{"n": "gone"}', '{"n": "gone"}', '{gone}'), (2, 'stays', '{}', '{}', '{}');
