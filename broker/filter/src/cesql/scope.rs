//! What an expression is evaluated against, and how much work that may be.

use event::Event;
use std::cell::Cell;

/// Steps along texts that one evaluation may take: an event's attributes may be as long as the event, and an
/// expression may walk along them as often as its length allows. Some 40 ms.
const MAX_STEPS: usize = 8 * 1024 * 1024;

/// One event, asked once.
pub(super) struct Scope<'e> {
    pub(super) event: &'e Event,
    left: Cell<usize>,
}

/// No steps are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

impl<'e> Scope<'e> {
    pub(super) fn of(event: &'e Event) -> Self {
        Self { event, left: Cell::new(MAX_STEPS) }
    }

    /// Takes so many steps before they are gone.
    pub(super) fn spend(&self, steps: usize) -> Result<(), Exhausted> {
        self.left.set(self.left.get().checked_sub(steps).ok_or(Exhausted)?);
        Ok(())
    }
}
