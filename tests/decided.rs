//! A person who decides the marks of a draft without thinking: always the same way, line by line.
//!
//! It knows nothing of how a draft is made: only that a mark is the word `undecided`, that the comment above offers what
//! it could be, and that columns stand below `rows: undecided`, each line behind a `#`.

/// How the marks are decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Everything stays, with a reason.
    Keep,
    /// Columns stay, and the rows of undecided tables go.
    Delete,
    /// Tables stay with the columns that are suggested; each column takes the offered choice of this number, or the last one.
    Choice(usize),
}

/// The offered choices of a column, as the comment above its line spells them.
fn offered(lines: &[&str], at: usize) -> Vec<String> {
    let comment = |line: &str| line.trim_start().trim_start_matches("# ").strip_prefix("# ").map(str::to_owned);
    let above = |line: &str| line.trim_start().strip_prefix("# ").map(|line| line.trim_start_matches("# ").to_owned());
    let mut found = Vec::new();
    for line in lines[..at].iter().rev() {
        match comment(line).or_else(|| above(line)) {
            Some(text) => found.push(text),
            None => break,
        }
        if found.last().is_some_and(|text| text.starts_with("one of: ")) {
            break;
        }
    }
    found.reverse();
    let text = found.join(" ");
    let text = text.strip_prefix("one of: ").unwrap_or_else(|| panic!("no choices above line {}: {text}", at + 1));
    text.split(" · ").map(str::to_owned).collect()
}

/// Decides one column; `None` where the line isn't a mark.
fn column(lines: &[&str], at: usize, way: Way) -> Option<String> {
    let start = lines[at].strip_suffix(": undecided")?;
    let choices: Vec<String> = offered(lines, at)
        .into_iter()
        .filter(|choice| !choice.contains('…') && !choice.contains("keep: why"))
        .collect();
    let chosen = match way {
        Way::Keep | Way::Delete => None,
        Way::Choice(number) => choices.get(number.min(choices.len().saturating_sub(1))),
    };
    let keep = "{ keep: decided in a test }".to_owned();
    Some(format!("{start}: {}", chosen.unwrap_or(&keep)))
}

/// Decides every mark.
pub fn decided(draft: &str, way: Way) -> String {
    let mut lines: Vec<String> = draft.lines().map(str::to_owned).collect();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at].clone();
        if let Some((start, end)) = line.split_once("rows: undecided").filter(|_| !line.trim_start().starts_with('#')) {
            let indent = " ".repeat(start.chars().count());
            let hidden = format!("{indent}# ");
            let below = lines[at + 1..].iter().take_while(|line| line.starts_with(&hidden)).count();
            match way {
                Way::Choice(_) if below > 0 => {
                    for line in &mut lines[at + 1..=at + below] {
                        *line = format!("{indent}{}", line.strip_prefix(&hidden).expect("they begin so"));
                    }
                    // The first of these lines takes the mark's place behind a dash.
                    lines[at + 1] = format!("{start}{}", lines[at + 1].trim_start());
                    lines.remove(at);
                    continue;
                }
                Way::Choice(_) | Way::Keep => lines[at] = format!("{start}keep: decided in a test{end}"),
                Way::Delete => lines[at] = format!("{start}rows: delete{end}"),
            }
        }
        let all: Vec<&str> = lines.iter().map(String::as_str).collect();
        if !line.trim_start().starts_with('#')
            && let Some(line) = column(&all, at, way)
        {
            lines[at] = line;
        }
        at += 1;
    }
    lines.join("\n") + "\n"
}
