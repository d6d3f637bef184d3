//! Everything that is declared at the moment.

use crate::{Object, ObjectId, Problem};
use std::collections::BTreeMap;

/// A plain struct driven by three calls; knows nothing of files or clusters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    pub(crate) objects: BTreeMap<ObjectId, Object>,
    /// What was found wrong on the way here; [`crate::compile`] hands it on with its own.
    pub problems: Vec<Problem>,
    /// How many documents of each unknown `group/version Kind` were skipped.
    pub skipped: BTreeMap<String, usize>,
}

impl Index {
    /// Adds or replaces an object.
    pub fn apply(&mut self, object: Object) {
        self.objects.insert(object.id.clone(), object);
    }

    /// Removes an object.
    pub fn delete(&mut self, id: &ObjectId) {
        self.objects.remove(id);
    }

    /// All objects.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }
}
