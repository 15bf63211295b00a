//! Whether a text is well-formed XML, as far as the exports use XML.

/// The names of the elements, in the order in which they begin.
///
/// # Errors
/// What is wrong, and near what.
pub(crate) fn elements(text: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        check_text(&rest[..at])?;
        let tag = &rest[at + 1..];
        let end = tag.find('>').ok_or_else(|| format!("a tag without an end: {tag:.40}"))?;
        let (tag, after) = (&tag[..end], &tag[end + 1..]);
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes nothing"));
            }
        } else {
            let (inside, empty) = tag.strip_suffix('/').map_or((tag, false), |inside| (inside, true));
            let name = inside.split_whitespace().next().ok_or("a tag without a name")?;
            check_attributes(inside[name.len()..].trim())?;
            names.push(name.to_owned());
            if !empty {
                open.push(name);
            }
        }
        rest = after;
    }
    match open.last() {
        Some(name) => Err(format!("<{name}> is never closed")),
        None if rest.trim().is_empty() => Ok(names),
        None => Err(format!("text after the end: {rest:.40}")),
    }
}

fn check_text(text: &str) -> Result<(), String> {
    for part in text.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;"].iter().any(|entity| part.starts_with(entity));
        if !known {
            return Err(format!("an & that is no entity: {part:.20}"));
        }
    }
    Ok(())
}

fn check_attributes(mut rest: &str) -> Result<(), String> {
    while !rest.is_empty() {
        let wrong = || format!("attributes: {rest:.40}");
        let (name, value) = rest.split_once("=\"").ok_or_else(wrong)?;
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(wrong());
        }
        let (value, after) = value.split_once('"').ok_or_else(wrong)?;
        check_text(value)?;
        rest = after.trim_start();
    }
    Ok(())
}

#[test]
fn what_is_wrong_is_found() {
    assert_eq!(elements("<a><b c=\"d\"/>x &amp; y</a>\n"), Ok(vec!["a".to_owned(), "b".to_owned()]));
    for wrong in ["<a>", "<a></b>", "<a b></a>", "<a>&</a>", "<a/>x", "<a b=\"&x;\"/>"] {
        assert!(elements(wrong).is_err(), "{wrong}");
    }
}
