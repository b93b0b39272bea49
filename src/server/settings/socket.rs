//! How is a silent connection noticed?
//!
//! libpq's settings of the TCP socket. In a long statement nothing is said for minutes, and what stands between (a gateway, a
//! load balancer) forgets connections on which nothing is heard.

use std::time::Duration;

use super::SettingsError;
use super::parse::{Keyword, Values};

/// What the operating system is asked to do about a silent connection; none leaves it to its own settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketSettings {
    /// Whether it asks at all.
    pub keepalives: bool,
    /// After how much silence.
    pub idle: Option<Duration>,
    /// How long it waits for an answer before it asks again.
    pub interval: Option<Duration>,
    /// How often it asks in vain.
    pub count: Option<u32>,
    /// How long what was sent may stay unacknowledged.
    pub user_timeout: Option<Duration>,
}

pub(super) fn socket(values: &mut Values) -> Result<SocketSettings, SettingsError> {
    let mut number = |keyword| values.parsed(keyword, "a number", |text| text.trim().parse::<i64>().ok());
    // As in libpq: zero, and whatever is below it, is the system's default.
    let positive = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok()).filter(|value| *value > 0);
    Ok(SocketSettings {
        keepalives: number(Keyword::Keepalives)? != Some(0),
        idle: positive(number(Keyword::KeepalivesIdle)?).map(Duration::from_secs),
        interval: positive(number(Keyword::KeepalivesInterval)?).map(Duration::from_secs),
        count: positive(number(Keyword::KeepalivesCount)?).and_then(|count| u32::try_from(count).ok()),
        user_timeout: positive(number(Keyword::TcpUserTimeout)?).map(Duration::from_millis),
    })
}
