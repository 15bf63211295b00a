//! What allocated, as rows: forms, or functions, on a stretch of the allocation clock.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::ops::Range;

use heapatlas_heap::terms::Address;

use crate::export::tables::quoted;
use crate::model::chronicle::Told;
use crate::model::flame::Node;
use crate::model::forms::Form;
use crate::model::functions::Functions;
use crate::model::pages::Pages;
use crate::model::survival::Survival;

/// Something that allocated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// A form with its place, or a function.
    pub name: String,
    /// Bytes that it allocated itself.
    pub bytes: u64,
    /// Bytes that it and what it loaded or called allocated.
    pub total: u64,
    /// Bytes of its own that the collection after them left, as an estimate; `None` when none has come yet.
    pub survived: Option<u64>,
    /// The parts of the allocation clock on which it allocated, as far as they can be told apart from others'.
    pub clocks: Vec<Range<u64>>,
}

/// The forms that ended on a part of the clock.
#[must_use]
pub fn forms(told: Told<'_>, over: &Range<u64>) -> Vec<Row> {
    let survival = Survival::of(told.cycles());
    let ended = told.forms().iter().filter_map(|form| Some((form.clock()?, form.own()?, form)));
    let ended = ended.filter(|(clock, ..)| clock.end > over.start && clock.end <= over.end);
    let row = |form: &Form, clock: Range<u64>, own| Row {
        name: format!("{}:{}  {}", form.file, form.line, form.text),
        bytes: own,
        total: clock.end - clock.start,
        survived: survival.survived(&clock, own),
        clocks: vec![clock],
    };
    ended.map(|(clock, own, form)| row(&form, clock, own)).collect()
}

/// The functions that allocated on a part of the clock.
#[must_use]
pub fn functions(told: Told<'_>, functions: &Functions, over: &Range<u64>) -> Vec<Row> {
    let survival = Survival::of(told.cycles());
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for slice in functions.within(over) {
        let whole: u64 = slice.stacks.values().sum();
        let mut own: BTreeMap<&str, u64> = BTreeMap::new();
        let mut total: BTreeMap<&str, u64> = BTreeMap::new();
        for (stack, bytes) in &slice.stacks {
            for name in stack.iter().map(|name| &**name).collect::<BTreeSet<_>>() {
                *total.entry(name).or_default() += bytes;
            }
            if let Some(innermost) = stack.last() {
                *own.entry(innermost).or_default() += bytes;
            }
        }
        for (name, with_calls) in total {
            let bytes = own.get(name).copied().unwrap_or(0);
            let empty = || Row { name: name.to_owned(), bytes: 0, total: 0, survived: Some(0), clocks: Vec::new() };
            let row = rows.entry(name).or_insert_with(empty);
            row.bytes += bytes;
            row.total += with_calls;
            row.survived = row.survived.and_then(|sum| Some(sum + survival.survived(&slice.clock, bytes)?));
            if 2 * with_calls >= whole {
                row.clocks.push(slice.clock.clone());
            }
        }
    }
    rows.into_values().collect()
}

/// Writes the rows as a table for spreadsheets. What is not known is empty.
///
/// # Errors
/// When writing fails.
pub fn write(out: &mut dyn Write, rows: &[Row]) -> io::Result<()> {
    writeln!(out, "name,bytes,with_calls_bytes,survived_bytes_estimated")?;
    for Row { name, bytes, total, survived, .. } in rows {
        let survived = survived.map(|bytes| bytes.to_string()).unwrap_or_default();
        writeln!(out, "{},{bytes},{total},{survived}", quoted(name))?;
    }
    Ok(())
}

/// The forms of a part of the clock below their files, as a tree of bytes.
#[must_use]
pub fn tree_of_forms(told: Told<'_>, over: &Range<u64>) -> Node {
    let ended = told.forms().iter().filter_map(|form| Some((form.clock()?, form.own()?, form)));
    let ended = ended.filter(|(clock, ..)| clock.end > over.start && clock.end <= over.end);
    let stack =
        |form: &Form, own| ([form.file.to_string(), format!("{}:{}  {}", form.file, form.line, form.text)], own);
    let stacks: Vec<_> = ended.map(|(_, own, form)| stack(&form, own)).collect();
    Node::of(stacks.iter().map(|(stack, bytes)| (&stack[..], *bytes)))
}

/// The functions of a part of the clock below those that called them, as a tree of bytes.
#[must_use]
pub fn tree_of_functions(functions: &Functions, over: &Range<u64>) -> Node {
    let stacks = functions.within(over).flat_map(|slice| &slice.stacks);
    Node::of(stacks.map(|(stack, bytes)| (&**stack, *bytes)))
}

/// The pages that became used, or in which something was allocated last, on one of these parts of the clock. What filled a
/// page first and what filled it last are known, not what came between.
#[must_use]
pub fn pages_of(pages: &Pages, clocks: &[Range<u64>]) -> Vec<Address> {
    let filled = |at: u64| clocks.iter().any(|clock| at > clock.start && at <= clock.end);
    let used = pages.iter().filter(|page| page.entry.kind().is_used());
    used.filter(|page| filled(page.touched) || filled(page.entry.birth())).map(|page| page.address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HeapModel;
    use crate::model::chronicle::Chronicle;

    #[test]
    fn a_function_has_its_own_bytes_and_those_of_its_calls() {
        let stack = |names: &[&str], bytes| (names.iter().map(|name| (*name).to_owned()).collect(), bytes);
        let mut seen = Functions::default();
        seen.add(0..100, vec![stack(&["main", "f"], 60), stack(&["main", "g", "g"], 40)]);
        seen.add(100..200, vec![stack(&["main"], 100)]);
        let (chronicle, model) = (Chronicle::default(), HeapModel::default());
        let told = chronicle.until(&model);
        let rows = functions(told, &seen, &(0..200));
        let row = |name: &str| rows.iter().find(|row| row.name == name).cloned().expect("a row");
        assert_eq!((row("main").bytes, row("main").total), (100, 200));
        assert_eq!((row("g").bytes, row("g").total), (40, 40), "once a stack");
        assert_eq!(row("f").clocks.first(), Some(&(0..100)), "most of what was allocated then was its");
        assert!(row("g").clocks.is_empty());
        assert_eq!(row("main").survived, None, "nobody has looked yet");
        assert_eq!(functions(told, &seen, &(100..200)).len(), 1);
        assert_eq!(tree_of_functions(&seen, &(0..200)).below["main"].below["g"].bytes, 40);
    }
}
