//! What to think of files that are looked at again and again.

use super::files::TlsError;

/// Remembers what the last look found.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// What was wrong at the last look.
    trouble: Option<TlsError>,
    /// That was told.
    told: bool,
}

impl Watch {
    /// What to do after a look: nothing, put something new in force, or tell what is wrong. `found` is `None`
    /// when nothing has changed; `asked`: somebody wants to hear of it.
    ///
    /// What is good is taken at once. What is wrong is told when it is still so at the next look, and once: a
    /// certificate whose key comes a moment later is no news.
    pub(super) fn judge<T>(
        &mut self,
        found: Result<Option<T>, TlsError>,
        asked: bool,
    ) -> Option<Result<T, TlsError>> {
        match found {
            Ok(next) => {
                *self = Self::default();
                next.map(Ok)
            }
            Err(error) => {
                let again = self.trouble.as_ref() == Some(&error);
                let tell = asked || (again && !self.told);
                self.told = tell || (again && self.told);
                self.trouble = Some(error.clone());
                tell.then_some(Err(error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::TlsFiles;
    use super::*;

    fn wrong(file: &str) -> Result<Option<u8>, TlsError> {
        let nowhere = TlsFiles { cert: file.into(), key: file.into(), client_ca: None };
        Err(nowhere.read().unwrap_err())
    }

    #[test]
    fn what_is_good_is_taken_at_once() {
        let mut watch = Watch::default();
        assert_eq!(watch.judge::<u8>(Ok(None), false), None);
        assert_eq!(watch.judge(Ok(Some(1)), false), Some(Ok(1)));
    }

    #[test]
    fn half_a_change_is_no_news() {
        let mut watch = Watch::default();
        assert_eq!(watch.judge(wrong("/no/a"), false), None);
        assert_eq!(watch.judge(Ok(Some(1)), false), Some(Ok(1)));
        assert_eq!(watch.judge(wrong("/no/a"), false), None, "it was forgotten");
        assert_eq!(watch.judge(wrong("/no/b"), false), None, "another trouble");
    }

    #[test]
    fn what_stays_wrong_is_told_once() {
        let mut watch = Watch::default();
        let told = |answer: Option<Result<u8, TlsError>>| answer.is_some_and(|told| told.is_err());
        assert!(!told(watch.judge(wrong("/no/a"), false)));
        assert!(told(watch.judge(wrong("/no/a"), false)));
        assert!(!told(watch.judge(wrong("/no/a"), false)));
        assert!(told(watch.judge(wrong("/no/a"), true)), "somebody asked");
        assert!(!told(watch.judge(wrong("/no/a"), false)));
    }
}
