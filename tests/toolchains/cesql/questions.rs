//! Expressions and events by chance, the same ones in every run.

use super::Question;
use serde_json::{Map, Value, json};

/// Few values, so that expressions meet events, and of the kinds that casts take for each other.
const TEXTS: [&str; 16] = [
    "5",
    "-7",
    "+3",
    "007",
    "2147483647",
    "2147483648",
    "true",
    "FALSE",
    "",
    "a",
    "abc",
    "aXc",
    "a_c",
    " a ",
    "50%",
    "café",
];
const NUMBERS: [&str; 9] = ["0", "1", "2", "5", "-1", "7", "2147483647", "-2147483648", "+3"];
const ATTRIBUTES: [&str; 8] = ["type", "source", "ID", "specversion", "text", "Number", "flag", "missing"];
const PATTERNS: [&str; 9] = ["a%", "%c", "a_c", "%", "", "_____", r"50\%", r"a\_c", "%5%"];
/// Functions, and how many arguments they take at least and at most.
const FUNCTIONS: [(&str, usize, usize); 16] = [
    ("INT", 1, 1),
    ("BOOL", 1, 1),
    ("STRING", 1, 1),
    ("IS_INT", 1, 1),
    ("is_bool", 1, 1),
    ("ABS", 1, 1),
    ("LENGTH", 1, 1),
    ("CONCAT", 0, 3),
    ("concat_ws", 1, 4),
    ("LOWER", 1, 1),
    ("UPPER", 1, 1),
    ("Trim", 1, 1),
    ("LEFT", 2, 2),
    ("RIGHT", 2, 2),
    ("SUBSTRING", 2, 3),
    ("NOSUCH", 0, 3),
];
const DEPTH: usize = 4;

/// Numbers that look like chance (xorshift).
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// Below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn one_of<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    pub(super) fn question(&mut self) -> Question {
        let mut tokens = Vec::new();
        self.expression(DEPTH, &mut tokens);
        if self.below(8) == 0 {
            self.spoil(&mut tokens);
        }
        Question { expression: tokens.join(" "), event: self.event() }
    }

    fn event(&mut self) -> Value {
        let mut event = Map::new();
        for (name, value) in [("specversion", "1.0"), ("id", "1"), ("source", "/s")] {
            event.insert(name.to_owned(), value.into());
        }
        event.insert("type".to_owned(), self.one_of(&["a", "abc", "aXc", "5"]).into());
        event.insert("text".to_owned(), self.one_of(&TEXTS[..12]).into());
        event.insert("number".to_owned(), json!([0, 5, -7, 2_147_483_647][self.below(4)]));
        event.insert("flag".to_owned(), (self.below(2) == 0).into());
        // An extension that is empty is none for the SDK.
        event.retain(|_, value| value != "");
        Value::Object(event)
    }

    fn expression(&mut self, depth: usize, out: &mut Vec<String>) {
        let Some(deeper) = depth.checked_sub(1) else { return self.atom(out) };
        match self.below(16) {
            0..3 => self.atom(out),
            3 => self.before("NOT", deeper, out),
            4 => self.before("-", deeper, out),
            5..7 => self.between(&["+", "-", "*", "/", "%"], deeper, out),
            7..10 => self.between(&["=", "!=", "<>", "<", "<=", ">", ">="], deeper, out),
            10..12 => self.between(&["AND", "or", "XOR"], deeper, out),
            12 => self.like(deeper, out),
            13 => {
                self.expression(deeper, out);
                out.push(self.one_of(&["IN", "NOT IN", "in"]).to_owned());
                let members = 1 + self.below(3);
                self.list(members, deeper, out);
            }
            14 => self.call(deeper, out),
            _ => self.bracket(deeper, out),
        }
    }

    fn atom(&mut self, out: &mut Vec<String>) {
        let atom = match self.below(8) {
            0..2 => self.one_of(&NUMBERS).to_owned(),
            2..4 => format!("'{}'", self.one_of(&TEXTS)),
            4 => self.one_of(&["TRUE", "false"]).to_owned(),
            5 => format!("EXISTS {}", self.one_of(&ATTRIBUTES)),
            _ => self.one_of(&ATTRIBUTES).to_owned(),
        };
        out.extend(atom.split(' ').filter(|_| !atom.contains('\'')).map(str::to_owned));
        if atom.contains('\'') {
            out.push(atom);
        }
    }

    fn before(&mut self, operator: &str, deeper: usize, out: &mut Vec<String>) {
        out.push(operator.to_owned());
        self.expression(deeper, out);
    }

    fn between(&mut self, operators: &[&str], deeper: usize, out: &mut Vec<String>) {
        self.expression(deeper, out);
        out.push(self.one_of(operators).to_owned());
        self.expression(deeper, out);
    }

    fn like(&mut self, deeper: usize, out: &mut Vec<String>) {
        self.expression(deeper, out);
        out.push(self.one_of(&["LIKE", "NOT LIKE", "like"]).to_owned());
        out.push(format!("'{}'", self.one_of(&PATTERNS)));
    }

    fn bracket(&mut self, deeper: usize, out: &mut Vec<String>) {
        out.push("(".to_owned());
        self.expression(deeper, out);
        out.push(")".to_owned());
    }

    /// Sometimes with one argument more than the function takes.
    fn call(&mut self, deeper: usize, out: &mut Vec<String>) {
        let (name, least, most) = FUNCTIONS[self.below(FUNCTIONS.len())];
        let more = usize::from(self.below(16) == 0);
        let arguments = least + self.below(most - least + 1) + more;
        out.push(name.to_owned());
        self.list(arguments, deeper, out);
    }

    fn list(&mut self, length: usize, deeper: usize, out: &mut Vec<String>) {
        out.push("(".to_owned());
        for i in 0..length {
            if i > 0 {
                out.push(",".to_owned());
            }
            self.expression(deeper, out);
        }
        out.push(")".to_owned());
    }

    /// Leaves a token out, or says it twice: mostly that is no expression any more.
    fn spoil(&mut self, tokens: &mut Vec<String>) {
        let at = self.below(tokens.len());
        match self.below(2) {
            0 => drop(tokens.remove(at)),
            _ => tokens.insert(at, tokens[at].clone()),
        }
    }
}
