//! Ages as `kubectl` writes them.

use std::time::Duration;

/// `7s`, `4m`, `5h`, `12d`: one unit, the largest that gives at least two of it (or the seconds).
pub(super) fn short(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unit_is_enough() {
        let ages = [0, 119, 120, 7199, 7200, 172_799, 172_800].map(|s| short(Duration::from_secs(s)));
        assert_eq!(ages, ["0s", "119s", "2m", "119m", "2h", "47h", "2d"]);
    }
}
