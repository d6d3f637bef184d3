//! Tokens to an expression, by a Pratt loop (sections 2 and 3.6).

mod operand;

use super::advice::Note;
use super::cursor::Cursor;
use super::fault::SyntaxError;
use super::lexer::Lexeme;
use super::pattern::Pattern;
use super::place::Span;
use super::syntax::{Arithmetic, Logic, Node, Part};

/// Bytes of an expression.
pub(super) const MAX_LENGTH: usize = 16 * 1024;
/// Levels of an expression, and of brackets.
pub(super) const MAX_DEPTH: usize = 64;

/// How tightly operators bind; those of one level bind to the left, the logical ones to the right.
mod binding {
    pub(super) const LOGIC: u8 = 1;
    pub(super) const COMPARISON: u8 = 2;
    pub(super) const SUM: u8 = 3;
    pub(super) const PRODUCT: u8 = 4;
    pub(super) const IN: u8 = 5;
    pub(super) const LIKE: u8 = 6;
}

type Parsed<T = Part> = Result<T, SyntaxError>;

/// Parses a whole text, and notes what is legal and hardly meant.
pub(super) fn parse(text: &str) -> Parsed<(Part, Vec<Note>)> {
    if text.len() > MAX_LENGTH {
        let message = format!("the expression has {} bytes, at most {MAX_LENGTH} are taken", text.len());
        return Err(SyntaxError::new(text, 0, message));
    }
    let mut parser = Parser { cursor: Cursor::new(text)?, level: 0, notes: Vec::new() };
    let whole = parser.expression(0)?;
    match parser.cursor.peek() {
        Lexeme::End => {}
        Lexeme::Close => return Err(parser.cursor.wrong("this bracket closes nothing")),
        _ => return Err(parser.cursor.expected("an operator or the end")),
    }
    Ok((whole, parser.notes))
}

struct Parser<'t> {
    cursor: Cursor<'t>,
    /// Operands and sets that are being parsed, one inside the other: bounds the stack.
    level: usize,
    notes: Vec<Note>,
}

impl Parser<'_> {
    /// An operand, and every operator behind it that binds at least as tightly as asked for.
    fn expression(&mut self, least: u8) -> Parsed {
        let mut bare_not = (self.cursor.peek() == Lexeme::Not).then(|| self.cursor.span());
        let mut left = self.operand()?;
        while let Some(binding) = self.binding().filter(|binding| *binding >= least) {
            if let Some(not) = bare_not.take().filter(|_| binding > binding::LOGIC) {
                self.notes.push(Note::not_binds_tightly(not));
            }
            left = match binding {
                binding::LOGIC => self.logic(left)?,
                binding::LIKE => self.like(left)?,
                binding::IN => self.is_in(left)?,
                _ => self.binary(left, binding)?,
            };
        }
        Ok(left)
    }

    /// How tightly the operator that comes next binds.
    fn binding(&self) -> Option<u8> {
        let operator = match self.cursor.peek() {
            Lexeme::Not => self.cursor.second(),
            other => other,
        };
        Some(match operator {
            Lexeme::In => binding::IN,
            Lexeme::Like => binding::LIKE,
            _ if operator != self.cursor.peek() => return None,
            Lexeme::Logic(_) => binding::LOGIC,
            Lexeme::Comparison(_) => binding::COMPARISON,
            Lexeme::Arithmetic(Arithmetic::Plus | Arithmetic::Minus) => binding::SUM,
            Lexeme::Arithmetic(_) => binding::PRODUCT,
            _ => return None,
        })
    }

    fn binary(&mut self, left: Part, binding: u8) -> Parsed {
        let operator = self.cursor.take();
        let right = self.expression(binding + 1)?;
        let span = left.span.to(right.span);
        let sides = Box::new([left, right]);
        match operator.lexeme {
            Lexeme::Comparison(comparison) => self.part(Node::Compare(comparison, sides), span),
            Lexeme::Arithmetic(arithmetic) => self.part(Node::Calculate(arithmetic, sides), span),
            _ => Err(self.cursor.wrong_at(operator.span, "an operator is expected here")),
        }
    }

    /// The whole chain from here on.
    fn logic(&mut self, first: Part) -> Parsed {
        let mut rest: Vec<(Logic, Part)> = Vec::new();
        let mut other = None;
        while let Lexeme::Logic(operator) = self.cursor.peek() {
            let at = self.cursor.take().span;
            if rest.first().is_some_and(|(first, _)| *first != operator) {
                other = other.or(Some(at));
            }
            rest.push((operator, self.expression(binding::LOGIC + 1)?));
        }
        self.notes.extend(other.map(Note::mixed));
        let span = rest.last().map_or(first.span, |(_, last)| first.span.to(last.span));
        self.part(Node::Logic(Box::new(first), rest.into()), span)
    }

    fn like(&mut self, left: Part) -> Parsed {
        let negated = self.cursor.taken(Lexeme::Not);
        self.cursor.take();
        let Lexeme::Quoted(quote, content) = self.cursor.peek() else {
            return Err(self.cursor.expected("a pattern in quotes"));
        };
        let span = left.span.to(self.cursor.take().span);
        let pattern = Pattern::new(&unescaped(quote, content));
        let like = self.part(Node::Like(Box::new(left), pattern), span)?;
        self.negated(negated, like)
    }

    fn is_in(&mut self, left: Part) -> Parsed {
        let negated = self.cursor.taken(Lexeme::Not);
        self.cursor.take();
        if !self.cursor.taken(Lexeme::Open) {
            return Err(self.cursor.expected("`(` and the values"));
        }
        let (set, close) = self.deeper(Self::list)?;
        let span = left.span.to(close);
        let is_in = self.part(Node::In(Box::new(left), set.into()), span)?;
        self.negated(negated, is_in)
    }

    fn negated(&self, negated: bool, part: Part) -> Parsed {
        let span = part.span;
        if negated { self.part(Node::Not(Box::new(part)), span) } else { Ok(part) }
    }

    /// Expressions up to the closing bracket, one at least.
    fn list(&mut self) -> Parsed<(Vec<Part>, Span)> {
        let mut list = vec![self.expression(0)?];
        while self.cursor.taken(Lexeme::Comma) {
            list.push(self.expression(0)?);
        }
        Ok((list, self.close("`,` or `)`")?))
    }

    fn close(&mut self, expected: &str) -> Parsed<Span> {
        match self.cursor.peek() {
            Lexeme::Close => Ok(self.cursor.take().span),
            _ => Err(self.cursor.expected(expected)),
        }
    }

    /// Parses something that stands inside of what is being parsed.
    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.level += 1;
        if self.level > MAX_DEPTH {
            return Err(self.too_deep(self.cursor.span()));
        }
        let parsed = parse(self);
        self.level -= 1;
        parsed
    }

    fn part(&self, node: Node, span: Span) -> Parsed {
        let part = Part::new(node, span);
        if part.height > MAX_DEPTH { Err(self.too_deep(span)) } else { Ok(part) }
    }

    fn too_deep(&self, span: Span) -> SyntaxError {
        self.cursor.wrong_at(
            span,
            format!("nested deeper than {MAX_DEPTH} levels: use fewer brackets and operators"),
        )
    }
}

/// A quote inside a string stands behind a backslash; every other backslash is itself.
fn unescaped(quote: char, content: &str) -> String {
    content.replace(&format!("\\{quote}"), &quote.to_string())
}
