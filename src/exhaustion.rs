//! An exhausted heap, for whoever is asked what to do about it: what happened, and which soft limits are an answer.

use heapatlas_heap::Exhausted;

use crate::format;

/// Suggested limits are whole mebibytes.
const STEP: u64 = 1 << 20;

/// What happened, and its numbers.
#[must_use]
pub fn sentence(exhausted: &Exhausted) -> String {
    format!("heap exhausted: {}", numbers(exhausted))
}

/// What was asked for, and what there is.
#[must_use]
pub fn numbers(exhausted: &Exhausted) -> String {
    let bytes = |count: usize| format::bytes(count as u64);
    let refused = if exhausted.by_system { ", which the system refused" } else { "" };
    let limit = exhausted.limit.map_or_else(String::new, |limit| format!(", soft limit {}", bytes(limit)));
    format!(
        "{} asked for{refused}{limit}, live {}, largest free run {}",
        bytes(exhausted.request),
        bytes(exhausted.live),
        bytes(exhausted.largest_free)
    )
}

/// The soft limit to suggest: twice what it is, and more when that would not do for what was asked for. `None` when it
/// was not the limit that refused: then raising it is no answer.
#[must_use]
pub fn suggested_limit(exhausted: &Exhausted) -> Option<u64> {
    let limit = exhausted.limit.filter(|_| !exhausted.by_system)? as u64;
    // Half as much again for tables and the reserve.
    let request = exhausted.request as u64;
    let more = limit.max(request.saturating_add(request / 2));
    Some(limit.saturating_add(more).div_ceil(STEP).saturating_mul(STEP))
}

/// The soft limit that a person wrote.
///
/// # Errors
/// A sentence: it is no size, or no more than the limit is now.
pub fn parse_limit(text: &str, exhausted: &Exhausted) -> Result<u64, String> {
    let wanted = format::parse_bytes(text)?;
    match exhausted.limit {
        Some(limit) if wanted <= limit as u64 => {
            Err(format!("the soft limit is {} already", format::bytes(limit as u64)))
        }
        _ => Ok(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Exhausted = Exhausted {
        request: 16,
        limit: Some(16 << 20),
        live: 15 << 20,
        largest_free: 112,
        by_system: false,
        too_large: false,
    };

    #[test]
    fn what_happened_is_told_in_units_for_people() {
        let told = "heap exhausted: 16 B asked for, soft limit 16.0 MiB, live 15.0 MiB, largest free run 112 B";
        assert_eq!(sentence(&FULL), told);
        let told = "heap exhausted: 16 B asked for, which the system refused, live 15.0 MiB, largest free run 112 B";
        assert_eq!(sentence(&Exhausted { limit: None, by_system: true, ..FULL }), told);
    }

    #[test]
    fn a_limit_is_suggested_where_one_helps() {
        assert_eq!(suggested_limit(&FULL), Some(32 << 20));
        assert_eq!(suggested_limit(&Exhausted { limit: Some((16 << 20) + 1), ..FULL }), Some(33 << 20));
        assert_eq!(suggested_limit(&Exhausted { request: 100 << 20, ..FULL }), Some(166 << 20));
        assert_eq!(suggested_limit(&Exhausted { by_system: true, ..FULL }), None);
    }

    #[test]
    fn a_limit_is_an_answer_when_it_is_more() {
        assert_eq!(parse_limit("32M", &FULL), Ok(32 << 20));
        assert_eq!(parse_limit("16M", &FULL), Err("the soft limit is 16.0 MiB already".to_owned()));
        assert!(parse_limit("much", &FULL).is_err());
    }
}
