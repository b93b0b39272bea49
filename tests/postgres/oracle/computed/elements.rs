//! How does a server print an array, and what is in it?

/// An array with each of its elements changed; NULL stays NULL. One dimension, as `array_out` prints it (manual, 8.15.6).
pub fn each(text: &str, change: &dyn Fn(&str) -> String) -> String {
    let elements = read(text).into_iter().map(|element| element.map(|it| change(&it)));
    let printed: Vec<String> = elements.map(|element| element.map_or("NULL".into(), |it| print(&it))).collect();
    format!("{{{}}}", printed.join(","))
}

/// The elements of an array.
pub fn read(text: &str) -> Vec<Option<String>> {
    let inner = text.trim_start_matches('{').trim_end_matches('}');
    let mut found: Vec<Option<String>> = Vec::new();
    let mut characters = inner.chars().peekable();
    while characters.peek().is_some() {
        let mut element = String::new();
        let is_quoted = characters.next_if_eq(&'"').is_some();
        while let Some(c) = characters.next() {
            match c {
                '"' if is_quoted => {}
                '\\' => element.extend(characters.next()),
                ',' if !is_quoted => break,
                c => element.push(c),
            }
            if is_quoted && c == '"' {
                characters.next_if_eq(&',');
                break;
            }
        }
        found.push(Some(element).filter(|element| is_quoted || element != "NULL"));
    }
    found
}

fn print(element: &str) -> String {
    let is_plain = |c: char| !c.is_whitespace() && !"{},\"\\".contains(c);
    match !element.is_empty() && element.chars().all(is_plain) && !element.eq_ignore_ascii_case("null") {
        true => element.to_owned(),
        false => format!("\"{}\"", element.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}
