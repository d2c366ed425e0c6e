//! Whether what a sender signs covers what it says.

use crate::event::MediaKind;

use super::filter::Filter;
use super::parts::{Parts, Place};

/// Whether another body would need another signature: the text has the body in it, or a digest of it,
/// or the field that is the payload. Sorted fields with nothing between do not: the same text is made of
/// other names and values too. `kind` is how the body is read, where that is known.
pub(super) fn covers_body(parts: &Parts, kind: Option<&MediaKind>) -> bool {
    parts.parts().any(|(place, filters)| {
        filters.iter().all(Filter::keeps_apart)
            && match place {
                Place::Body => true,
                Place::Form(field) => {
                    matches!(kind, Some(MediaKind::FormField(f)) if **f == **field)
                }
                Place::Canonical(canonical) => (canonical.pins)(kind),
                _ => false,
            }
    })
}

/// Whether another value at `place` would need another signature.
pub(super) fn covers(parts: &Parts, place: &Place) -> bool {
    parts.places().any(|covered| {
        covered == place
            || (*covered == Place::Url && matches!(place, Place::Query(_)))
            || (*covered == Place::Body && place.in_body())
            || matches!(covered, Place::Canonical(canonical) if canonical.covers(place))
    })
}
