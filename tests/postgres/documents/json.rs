//! JSON as text: with the order of keys, keys that stand twice, the spelling of numbers, and halves of characters.

/// A JSON value, in which nothing is lost that the text says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Json {
    Null,
    Bool(bool),
    /// As it is spelt.
    Number(String),
    /// UTF-16, in which half a character can stand alone.
    Text(Vec<u16>),
    Array(Vec<Json>),
    Object(Vec<(Vec<u16>, Json)>),
}

pub fn utf16(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// Reads what a server has printed. Panics where that is no JSON.
pub fn parse(text: &str) -> Json {
    let mut reader = Reader { rest: text };
    let value = reader.value();
    reader.blanks();
    assert!(reader.rest.is_empty(), "behind the end: {text}");
    value
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, token: &str) -> bool {
        self.blanks();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn value(&mut self) -> Json {
        self.blanks();
        if self.take("{") {
            return Json::Object(self.items("}", |reader| {
                let key = reader.text();
                assert!(reader.take(":"));
                (key, reader.value())
            }));
        }
        if self.take("[") {
            return Json::Array(self.items("]", Reader::value));
        }
        if self.rest.starts_with('"') {
            return Json::Text(self.text());
        }
        let end = self.rest.find([',', ']', '}', ' ', '\n', '\t']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word {
            "null" => Json::Null,
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            number => Json::Number(number.to_owned()),
        }
    }

    fn items<T>(&mut self, end: &str, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut items = Vec::new();
        if self.take(end) {
            return items;
        }
        loop {
            self.blanks();
            items.push(item(self));
            if self.take(end) {
                return items;
            }
            assert!(self.take(","), "{}", self.rest);
        }
    }

    fn text(&mut self) -> Vec<u16> {
        assert!(self.take("\""), "{}", self.rest);
        let mut text = Vec::new();
        let mut characters = self.rest.chars();
        loop {
            match characters.next().expect("the quote ends") {
                '"' => break,
                '\\' => match characters.next().expect("an escape") {
                    'u' => {
                        let digits: String = characters.by_ref().take(4).collect();
                        text.push(u16::from_str_radix(&digits, 16).expect("four digits"));
                    }
                    'b' => text.push(8),
                    't' => text.push(9),
                    'n' => text.push(10),
                    'f' => text.push(12),
                    'r' => text.push(13),
                    c => text.push(c as u16),
                },
                c => text.extend(c.encode_utf16(&mut [0; 2]).iter()),
            }
        }
        self.rest = characters.as_str();
        text
    }
}
