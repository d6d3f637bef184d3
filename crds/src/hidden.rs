//! Characters nobody sees, which break what they stand in.

/// Names the first character of `text` that does not show, and where it stands; `None` when all do.
/// The value itself is never repeated: it may be a password.
pub(crate) fn hidden_character(text: &str) -> Option<String> {
    let count = text.chars().count();
    let (at, found) = text.chars().enumerate().find(|(at, c)| {
        let edge = *at == 0 || *at + 1 == count;
        c.is_control() || is_invisible(*c) || (edge && c.is_whitespace())
    })?;
    let name = match found {
        '\n' => "a newline".to_owned(),
        '\r' => "a carriage return".to_owned(),
        '\t' => "a tab".to_owned(),
        ' ' => "a space".to_owned(),
        '\u{feff}' => "a byte order mark".to_owned(),
        c => format!("the invisible character U+{:04X}", u32::from(c)),
    };
    // "\r\n" at the end counts as the end, too.
    let rest_is_blank = text.chars().skip(at).all(char::is_whitespace);
    Some(match (at, rest_is_blank) {
        (_, true) => format!("{name} at its end"),
        (0, false) => format!("{name} at its beginning"),
        _ => format!("{name} at character {}", at + 1),
    })
}

/// Format characters, exotic spaces and line separators.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{a0}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}'
        | '\u{205f}'..='\u{206f}' | '\u{3000}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_show_is_named() {
        let found = |text| hidden_character(text).unwrap();
        assert_eq!(found("secret\n"), "a newline at its end");
        assert_eq!(found("secret\r\n"), "a carriage return at its end");
        assert_eq!(found(" secret"), "a space at its beginning");
        assert_eq!(found("sec\u{200b}ret"), "the invisible character U+200B at character 4");
        assert_eq!(found("\u{feff}secret"), "a byte order mark at its beginning");
        assert_eq!(found("\n"), "a newline at its end");
        assert_eq!(hidden_character("pass word äß 🦀"), None);
        assert_eq!(hidden_character(""), None);
    }
}
