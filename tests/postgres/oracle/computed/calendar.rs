//! Which day is it?
//!
//! Days and moments as ISO 8601 texts, in the Gregorian calendar, years of four digits.

/// The number of a day, counted from 1970-01-01; of a text that begins with one.
pub fn day_number(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let before = |year: i64| 365 * year + year / 4 - year / 100 + year / 400;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let months = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let of_months: i64 = months.iter().take(month as usize - 1).sum();
    Some(before(year - 1) - before(1969) + of_months + day - 1)
}

/// The day of a number: found by trying, from a year that is too early.
pub fn day(number: i64) -> String {
    let of = |year: i64, month: i64, day: i64| format!("{year:04}-{month:02}-{day:02}");
    let number_of = |text: String| day_number(&text).unwrap_or(i64::MAX);
    let year =
        (1970 + number / 366 - 2..).take_while(|&year| number_of(of(year, 1, 1)) <= number).last().unwrap_or(1970);
    let month = (1..=12).take_while(|&month| number_of(of(year, month, 1)) <= number).last().unwrap_or(1);
    of(year, month, number - number_of(of(year, month, 1)) + 1)
}

/// A day or a moment, cut to the beginning of a unit of time.
pub fn cut(text: &str, unit: &str) -> String {
    let number = |from: usize, to: usize| text.get(from..to).and_then(|it| it.parse::<i64>().ok()).unwrap_or(1);
    let (year, month) = (number(0, 4), number(5, 7));
    let first = |year: i64, month: i64| format!("{year:04}-{month:02}-01");
    let date = match unit {
        // The first century begins with the year 1.
        "century" => first((year - 1) / 100 * 100 + 1, 1),
        "decade" => first(year / 10 * 10, 1),
        "year" => first(year, 1),
        "quarter" => first(year, (month - 1) / 3 * 3 + 1),
        "month" => first(year, month),
        "week" => {
            let number = day_number(text).unwrap_or(0);
            // 1970-01-01 was a Thursday, a week begins on Monday.
            day(number - (number + 3).rem_euclid(7))
        }
        _ => text.chars().take(10).collect(),
    };
    let clock = text.get(11..).map(|clock| match unit {
        "hour" => format!(" {}:00:00", &clock[..2]),
        "minute" => format!(" {}:00", &clock[..5]),
        _ => " 00:00:00".to_owned(),
    });
    date + &clock.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_as_a_calendar_does() {
        for (number, text) in [(0, "1970-01-01"), (-1, "1969-12-31"), (10_957, "2000-01-01"), (11_016, "2000-02-29")] {
            assert_eq!((day_number(text), day(number)), (Some(number), text.to_owned()));
        }
        for number in (-36_000..60_000).step_by(97) {
            assert_eq!(day_number(&day(number)), Some(number));
        }
        assert_eq!(cut("2024-02-29 23:59:58", "week"), "2024-02-26 00:00:00");
        assert_eq!(cut("1969-12-28", "week"), "1969-12-22");
        assert_eq!(
            (cut("2000-12-31", "century"), cut("2001-01-01", "century")),
            ("1901-01-01".into(), "2001-01-01".into())
        );
        assert_eq!(cut("2024-05-31 07:08:09", "quarter"), "2024-04-01 00:00:00");
        assert_eq!(cut("2024-05-31 07:08:09", "minute"), "2024-05-31 07:08:00");
    }
}
