//! Since when this process knows an object: the AGE of objects that have no `creationTimestamp`.

use crds::{Compiled, ObjectId};
use event::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// One entry per declared object.
#[derive(Debug, Default)]
pub(crate) struct FirstSeen {
    since: Mutex<HashMap<ObjectId, Timestamp>>,
}

impl FirstSeen {
    /// Notes what is new and forgets what is gone.
    pub(crate) fn update(&self, compiled: &Compiled, now: Timestamp) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let next = compiled.objects.iter().map(|o| (o.id.clone(), since.get(&o.id).copied().unwrap_or(now)));
        *since = next.collect();
    }

    /// When the object was seen first.
    pub(crate) fn get(&self, id: &ObjectId) -> Option<Timestamp> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::house::object;
    use serde_json::Value;

    #[test]
    fn an_object_keeps_its_age_until_it_is_gone() {
        let first_seen = FirstSeen::default();
        let old = object("Broker", "old", Value::Null, true);
        let new = object("Broker", "new", Value::Null, true);
        let declare = |objects: Vec<_>, now| {
            first_seen.update(&Compiled { objects, ..Compiled::default() }, Timestamp(now));
        };
        declare(vec![old.clone()], 1);
        declare(vec![old.clone(), new.clone()], 2);
        assert_eq!(
            (first_seen.get(&old.id), first_seen.get(&new.id)),
            (Some(Timestamp(1)), Some(Timestamp(2)))
        );
        declare(vec![new.clone()], 3);
        declare(vec![old.clone(), new.clone()], 4);
        assert_eq!(
            (first_seen.get(&old.id), first_seen.get(&new.id)),
            (Some(Timestamp(4)), Some(Timestamp(2)))
        );
    }
}
