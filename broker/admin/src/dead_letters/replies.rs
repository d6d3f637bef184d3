//! A reply that was not let in: a redrive sends it through the door again, never to the sink that it came from.

use crate::ProblemDetails;
use crate::api::Api;
use broker_core::{
    Arrival, DeadLetter, DeadLetterQuery, DeadLetterStore, ObjectKey, PublishError, ReplyTo, TriggerRoute,
};
use event::Timestamp;
use http::StatusCode;
use std::sync::Arc;

impl Api {
    /// Publishes the replies that the query means, with as many rounds as an event from outside has. One that is
    /// refused for good again stays, with the new reason; the others go on.
    pub(super) async fn redrive_replies(
        &self,
        store: &DeadLetterStore,
        query: &DeadLetterQuery,
        done: &mut Vec<String>,
    ) -> Result<(), ProblemDetails> {
        let mut refused = None;
        for id in store.replies(query).await? {
            let Some(letter) = store.get(&id).await? else { continue };
            let Some(target) = self.reply_target(&letter) else { continue };
            let event = letter.record.event.clone();
            match self.admin.publisher.publish(&target, vec![event], Arrival::default()).await {
                Ok(()) => {
                    store.resolved(&id).await?;
                    done.push(id);
                }
                Err(error) if error.is_final() => {
                    refused.get_or_insert_with(|| refusal(&letter, &error));
                    store.put(tried_again(letter, &error)).await?;
                }
                Err(error) => {
                    return Err(ProblemDetails::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()));
                }
            }
        }
        refused.map_or(Ok(()), Err)
    }

    /// Where the replies of the letter's trigger go; `None`: it is gone, or has nowhere to send them any more.
    fn reply_target(&self, letter: &DeadLetter) -> Option<ObjectKey> {
        let table = self.admin.routes.snapshot();
        let is_its = |trigger: &&Arc<TriggerRoute>| trigger.group == letter.group;
        let trigger = table.routes.values().flat_map(|route| &route.triggers).find(is_its)?;
        match &trigger.reply {
            Some(ReplyTo::Target(key)) => Some(key.clone()),
            // A flow keeps such a reply as a letter of its next step.
            Some(ReplyTo::Group(_) | ReplyTo::Nobody) | None => None,
        }
    }
}

fn tried_again(letter: DeadLetter, error: &PublishError) -> DeadLetter {
    DeadLetter {
        reason: format!("a reply was not let in: {error}"),
        attempts: letter.attempts.saturating_add(1),
        last_time: Timestamp::now(),
        ..letter
    }
}

fn refusal(letter: &DeadLetter, error: &PublishError) -> ProblemDetails {
    let DeadLetter { id, group, .. } = letter;
    ProblemDetails::new(
        StatusCode::CONFLICT,
        format!(
            "dead letter `{id}` is a reply to `{group}` and is not let in again: {error}; purge it if nobody needs it"
        ),
    )
}
