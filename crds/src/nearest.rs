//! The name that was probably meant.

/// Adds "did you mean" to a message when one of `known` is near to `word`.
pub(crate) fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}

/// The nearest of `known`, if it is near enough to be a slip of the fingers: a third of its letters.
fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|name| (distance(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= name.chars().count().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Words longer than this are compared by their beginning, so that nobody pays for a huge key.
const LONGEST: usize = 64;

/// How many letters have to be changed, added or taken away (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(LONGEST).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().take(LONGEST).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let known = ["subscriber", "filters", "filter", "delivery", "deadLetterSink"];
        assert_eq!(nearest("subscribr", known), Some("subscriber"));
        assert_eq!(nearest("deadlettersink", known), Some("deadLetterSink"));
        assert_eq!(nearest("filtres", known), Some("filters"));
        assert_eq!(nearest("replicas", known), None);
        assert_eq!(hint("x", []), "");
    }
}
