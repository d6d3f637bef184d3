//! Text to tokens (sections 2.2 to 2.4).

use super::fault::SyntaxError;
use super::place::{Span, excerpt};
use super::syntax::{Arithmetic, Comparison, Logic};
use winnow::ascii::multispace0;
use winnow::combinator::{alt, delimited, repeat};
use winnow::error::EmptyError;
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location};
use winnow::token::{any, none_of, take_while};

type Input<'t> = LocatingSlice<&'t str>;
type Lexed<T> = Result<T, EmptyError>;

/// A token, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) lexeme: Lexeme<'t>,
    pub(super) span: Span,
}

/// Keywords are no words: they are found here, in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lexeme<'t> {
    /// The name of an attribute or a function.
    Word(&'t str),
    /// Nothing but digits.
    Digits(&'t str),
    /// What stands between quotes, and which ones these are.
    Quoted(char, &'t str),
    Boolean(bool),
    Open,
    Close,
    Comma,
    Arithmetic(Arithmetic),
    Comparison(Comparison),
    Logic(Logic),
    Not,
    Like,
    Exists,
    In,
    End,
}

/// All tokens of a text; the last one is [`Lexeme::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, SyntaxError> {
    let mut input = LocatingSlice::new(text);
    let mut tokens: Vec<Token<'_>> = Vec::new();
    loop {
        let (lexeme, span) = match spaced(&mut input) {
            Ok(next) => next,
            Err(EmptyError) => return Err(stray(text, &mut input)),
        };
        if lexeme == Lexeme::End {
            // What is missing at the end is missing behind the last token, not behind the space after it.
            let end = tokens.last().map_or(0, |last| last.span.end);
            tokens.push(Token { lexeme, span: Span { start: end, end } });
            return Ok(tokens);
        }
        tokens.push(Token { lexeme, span: Span::new(span.start, span.end) });
    }
}

fn spaced<'t>(input: &mut Input<'t>) -> Lexed<(Lexeme<'t>, std::ops::Range<usize>)> {
    space(input)?;
    alt((word, quoted('\''), quoted('"'), symbol, winnow::combinator::eof.value(Lexeme::End)))
        .with_span()
        .parse_next(input)
}

fn space(input: &mut Input<'_>) -> Lexed<()> {
    multispace0.void().parse_next(input)
}

fn word<'t>(input: &mut Input<'t>) -> Lexed<Lexeme<'t>> {
    let first = |c: char| c.is_ascii_alphanumeric();
    let word = (take_while(1, first), take_while(0.., |c: char| first(c) || c == '_')).take();
    word.map(keyword).parse_next(input)
}

fn keyword(word: &str) -> Lexeme<'_> {
    match word.to_ascii_uppercase().as_str() {
        "TRUE" => Lexeme::Boolean(true),
        "FALSE" => Lexeme::Boolean(false),
        "AND" => Lexeme::Logic(Logic::And),
        "OR" => Lexeme::Logic(Logic::Or),
        "XOR" => Lexeme::Logic(Logic::Xor),
        "NOT" => Lexeme::Not,
        "LIKE" => Lexeme::Like,
        "EXISTS" => Lexeme::Exists,
        "IN" => Lexeme::In,
        digits if digits.bytes().all(|c| c.is_ascii_digit()) => Lexeme::Digits(word),
        _ => Lexeme::Word(word),
    }
}

/// A backslash takes the next character with it, whatever it is: so quotes get into a string.
fn quoted<'t>(quote: char) -> impl Parser<Input<'t>, Lexeme<'t>, EmptyError> {
    let character = alt((('\\', any).void(), none_of([quote, '\\']).void()));
    let content = repeat::<_, (), (), _, _>(0.., character).take();
    delimited(quote, content, quote).map(move |content| Lexeme::Quoted(quote, content))
}

fn symbol<'t>(input: &mut Input<'t>) -> Lexed<Lexeme<'t>> {
    let comparison = alt((
        alt(("!=", "<>")).value(Comparison::NotEqual),
        "<=".value(Comparison::LessOrEqual),
        ">=".value(Comparison::GreaterOrEqual),
        "<".value(Comparison::Less),
        ">".value(Comparison::Greater),
        "=".value(Comparison::Equal),
    ));
    let arithmetic = alt((
        "*".value(Arithmetic::Times),
        "/".value(Arithmetic::Over),
        "%".value(Arithmetic::Modulo),
        "+".value(Arithmetic::Plus),
        "-".value(Arithmetic::Minus),
    ));
    alt((
        "(".value(Lexeme::Open),
        ")".value(Lexeme::Close),
        ",".value(Lexeme::Comma),
        comparison.map(Lexeme::Comparison),
        arithmetic.map(Lexeme::Arithmetic),
    ))
    .parse_next(input)
}

/// What is wrong with a character that begins no token.
fn stray(text: &str, input: &mut Input<'_>) -> SyntaxError {
    // Before the failing token there may have been space.
    let _ = space(input);
    let at = input.current_token_start();
    let rest = &text[at..];
    let message = match rest.chars().next() {
        Some(quote @ ('\'' | '"')) => format!("the string is not closed: a `{quote}` is missing"),
        _ => format!("`{}` begins nothing that is known here", excerpt(rest)),
    };
    SyntaxError::new(text, at, message)
}
