//! Policies as people write them: `pool`, `single`, `malloc:cell=480,collect=no`.

use heapatlas_heap::{Placement, Policy};

/// The largest cell that can be asked for.
const LARGEST_CELL: usize = 4096;

/// The policy that a text names: a placement, and after a colon what to do differently.
///
/// # Errors
/// A sentence that says what is wrong with the text.
pub fn parse(text: &str) -> Result<Policy, String> {
    let (name, options) = text.split_once(':').unwrap_or((text, ""));
    let placement = Placement::ALL.into_iter().find(|placement| placement.name() == name);
    let mut policy = Policy::of(placement.ok_or_else(|| format!("{name} is none of pool, single, malloc"))?);
    for option in options.split(',').filter(|option| !option.is_empty()) {
        let (key, value) = option.split_once('=').ok_or_else(|| format!("{option} lacks a value: {option}=no"))?;
        set(&mut policy, key, value)?;
    }
    Ok(policy)
}

fn set(policy: &mut Policy, key: &str, value: &str) -> Result<(), String> {
    let placement = policy.placement;
    let only = |wanted: Placement| {
        let fits = placement == wanted;
        if fits { Ok(()) } else { Err(format!("{key} is an option of {}, not of {}", wanted.name(), placement.name())) }
    };
    match key {
        "cell" => {
            only(Placement::Malloc)?;
            let bytes = value.parse().ok().filter(|bytes| (16..=LARGEST_CELL).contains(bytes));
            policy.cell_bytes = bytes.ok_or_else(|| format!("a cell has 16 to {LARGEST_CELL} bytes, not {value}"))?;
        }
        "collect" => policy.collects = yes(key, value)?,
        "give-back" => policy.gives_back = yes(key, value)?,
        "evacuate" => {
            only(Placement::Pool)?;
            policy.evacuates = yes(key, value)?;
        }
        _ => return Err(format!("{key} is none of cell, collect, give-back, evacuate")),
    }
    Ok(())
}

fn yes(key: &str, value: &str) -> Result<bool, String> {
    match value {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(format!("{key} is yes or no, not {value}")),
    }
}

/// The text that names a policy: the shortest that [`parse`] makes the same of.
#[must_use]
pub fn name(policy: &Policy) -> String {
    policy.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_reads_as_it_is_written() {
        for text in ["pool", "single", "malloc", "malloc:cell=480,collect=no,give-back=no", "pool:evacuate=no"] {
            assert_eq!(name(&parse(text).expect(text)), text);
        }
        assert_eq!(parse("pool:collect=yes"), Ok(Policy::default()));
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (text, words) in [
            ("heap", "none of pool"),
            ("pool:cell=32", "option of malloc"),
            ("single:evacuate=yes", "option of pool"),
            ("malloc:cell=8", "16 to 4096"),
            ("malloc:collect", "collect=no"),
            ("malloc:collect=maybe", "yes or no"),
            ("malloc:speed=1", "none of cell"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
