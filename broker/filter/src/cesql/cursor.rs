//! The tokens of an expression, one after the other, and what is wrong with the one that comes next.

use super::fault::SyntaxError;
use super::lexer::{Lexeme, Token, tokens};
use super::place::{Span, excerpt};

pub(super) struct Cursor<'t> {
    text: &'t str,
    /// Ends with [`Lexeme::End`], which is never taken.
    tokens: Vec<Token<'t>>,
    next: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Result<Self, SyntaxError> {
        Ok(Self { text, tokens: tokens(text)?, next: 0 })
    }

    pub(super) fn peek(&self) -> Lexeme<'t> {
        self.current().lexeme
    }

    /// What follows the token that comes next.
    pub(super) fn second(&self) -> Lexeme<'t> {
        self.tokens.get(self.next + 1).map_or(Lexeme::End, |token| token.lexeme)
    }

    /// True when the next two tokens have no space between them.
    pub(super) fn joined(&self) -> bool {
        self.tokens.get(self.next + 1).is_some_and(|second| second.span.start == self.span().end)
    }

    pub(super) fn span(&self) -> Span {
        self.current().span
    }

    pub(super) fn text_of(&self, span: Span) -> &'t str {
        span.of(self.text)
    }

    pub(super) fn take(&mut self) -> Token<'t> {
        let token = self.current();
        if token.lexeme != Lexeme::End {
            self.next += 1;
        }
        token
    }

    /// Takes the token if it is this one.
    pub(super) fn taken(&mut self, lexeme: Lexeme<'_>) -> bool {
        let there = self.peek() == lexeme;
        if there {
            self.take();
        }
        there
    }

    /// Something else is expected here.
    pub(super) fn expected(&self, what: &str) -> SyntaxError {
        let found = match self.peek() {
            Lexeme::End => "the expression ends".to_owned(),
            _ => format!("found `{}`", excerpt(self.text_of(self.span()))),
        };
        self.wrong(format!("{what} is expected here, {found}"))
    }

    /// What comes next is wrong.
    pub(super) fn wrong(&self, message: impl Into<String>) -> SyntaxError {
        self.wrong_at(self.span(), message)
    }

    pub(super) fn wrong_at(&self, span: Span, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.text, span.start as usize, message)
    }

    fn current(&self) -> Token<'t> {
        self.tokens[self.next]
    }
}
