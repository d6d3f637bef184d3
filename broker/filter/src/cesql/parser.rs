//! Tokens to an expression, by a Pratt loop (sections 2 and 3.6).

use super::advice::Note;
use super::cursor::Cursor;
use super::fault::SyntaxError;
use super::function::Function;
use super::lexer::Lexeme;
use super::pattern::Pattern;
use super::place::{Span, excerpt};
use super::syntax::{Arithmetic, Attribute, Comparison, Logic, Node, Part};
use super::value::Value;
use std::borrow::Cow;

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
    /// Operands that are being parsed, one inside the other.
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
        let (set, close) = self.list()?;
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

    /// What operators stand before and between.
    fn operand(&mut self) -> Parsed {
        self.level += 1;
        if self.level > MAX_DEPTH {
            return Err(self.too_deep(self.cursor.span()));
        }
        let part = match self.cursor.peek() {
            Lexeme::Boolean(value) => self.literal(Value::Boolean(value)),
            Lexeme::Quoted(quote, content) => {
                self.literal(Value::String(Cow::Owned(unescaped(quote, content))))
            }
            Lexeme::Digits(_) => self.number(self.cursor.span()),
            Lexeme::Word(name) if self.cursor.second() == Lexeme::Open => self.call(name),
            Lexeme::Word(_) => self.attribute(self.cursor.span(), Node::Attribute),
            Lexeme::Exists => {
                let start = self.cursor.take().span;
                self.attribute(start, Node::Exists)
            }
            Lexeme::Not => self.unary(Node::Not),
            Lexeme::Arithmetic(sign @ (Arithmetic::Plus | Arithmetic::Minus)) => self.signed(sign),
            Lexeme::Open => self.bracket(),
            // `==`, as other languages have it.
            Lexeme::Comparison(Comparison::Equal) => {
                Err(self.cursor.expected("a value (equality is one `=`)"))
            }
            _ => Err(self.cursor.expected("a value")),
        };
        self.level -= 1;
        part
    }

    fn bracket(&mut self) -> Parsed {
        let open = self.cursor.take().span;
        let inner = self.expression(0)?;
        let close = self.close("an operator or `)`")?;
        Ok(Part { span: open.to(close), ..inner })
    }

    /// Unary operators bind tighter than anything behind them.
    fn unary(&mut self, node: fn(Box<Part>) -> Node) -> Parsed {
        let start = self.cursor.take().span;
        let inner = self.operand()?;
        let span = start.to(inner.span);
        self.part(node(Box::new(inner)), span)
    }

    /// A sign is the number's when no space is between; else a minus negates, and a plus is nothing.
    fn signed(&mut self, sign: Arithmetic) -> Parsed {
        if matches!(self.cursor.second(), Lexeme::Digits(_)) && self.cursor.joined() {
            let start = self.cursor.take().span;
            return self.number(start.to(self.cursor.span()));
        }
        match sign {
            Arithmetic::Minus => self.unary(Node::Negate),
            _ => Err(self.cursor.expected("a value")),
        }
    }

    fn literal(&mut self, value: Value<'static>) -> Parsed {
        let span = self.cursor.take().span;
        self.part(Node::Literal(value), span)
    }

    /// The digits that come next; `span` has their sign too.
    fn number(&mut self, span: Span) -> Parsed {
        let text = self.cursor.text_of(span);
        let Ok(value) = text.parse() else {
            let message = format!("`{}` is no number of 32 bits, -2147483648 to 2147483647", excerpt(text));
            return Err(self.cursor.wrong_at(span, message));
        };
        self.cursor.take();
        self.part(Node::Literal(Value::Integer(value)), span)
    }

    fn call(&mut self, name: &str) -> Parsed {
        if !name.bytes().all(|c| c.is_ascii_alphabetic() || c == b'_') {
            return Err(self.cursor.wrong("names of functions have letters and `_` only"));
        }
        let start = self.cursor.take().span;
        self.cursor.take();
        let (arguments, close) = match self.cursor.peek() {
            Lexeme::Close => (Vec::new(), self.cursor.take().span),
            _ => self.list()?,
        };
        let node = match Function::find(name, arguments.len()) {
            Ok(function) => Node::Call(function, arguments.into()),
            Err(why) => {
                self.notes.push(Note::unknown_function(start, why));
                Node::Unknown
            }
        };
        self.part(node, start.to(close))
    }

    /// The name of an attribute, as part of what begins at `start`.
    fn attribute(&mut self, start: Span, node: fn(Attribute) -> Node) -> Parsed {
        let Lexeme::Word(name) = self.cursor.peek() else {
            return Err(self.cursor.expected("the name of an attribute"));
        };
        if name.contains('_') {
            return Err(self.cursor.wrong("names of attributes have letters and digits only"));
        }
        let span = start.to(self.cursor.take().span);
        self.part(node(Attribute::new(name)), span)
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
