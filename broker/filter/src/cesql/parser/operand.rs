//! What operators stand before and between.

use super::{Parsed, Parser, unescaped};
use crate::cesql::advice::Note;
use crate::cesql::function::Function;
use crate::cesql::lexer::Lexeme;
use crate::cesql::place::{Span, excerpt};
use crate::cesql::syntax::{Arithmetic, Attribute, Comparison, Node, Part};
use crate::cesql::value::Value;
use std::borrow::Cow;

impl Parser<'_> {
    /// A literal, an attribute, a function, a bracket; or an operator and its operand.
    pub(super) fn operand(&mut self) -> Parsed {
        self.deeper(Self::bare_operand)
    }

    fn bare_operand(&mut self) -> Parsed {
        match self.cursor.peek() {
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
        }
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
}
