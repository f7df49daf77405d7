//! YAML that is written: no name in it steers the terminal or the pipeline that prints it, and reading it gives the name back.
use std::fmt::Write as _;

use serde::Serialize;

use crate::foreign::{begins_command, is_hidden};

/// Writes a value as one YAML document, each scalar in one line.
pub fn to_yaml(value: &impl Serialize) -> Result<String, String> {
    // In a block scalar a line of a name is a line of the output, where a pipeline would take it for a command.
    let options = serde_yaml::ser_options! { prefer_block_scalars: false };
    let text = serde_yaml::to_string_with_options(value, options).map_err(|error| error.to_string())?;
    Ok(text.split_inclusive('\n').map(line).collect())
}

/// A text as a scalar in double quotes, for YAML that is put together by hand.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text, true))
}

/// Writes the scalars of a line anew of which something would act on whoever prints them.
fn line(line: &str) -> String {
    let (content, end) = line.strip_suffix('\n').map_or((line, ""), |content| (content, "\n"));
    if !acts(content) {
        return line.to_owned();
    }
    let mut rest = content.trim_start_matches(' ');
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item.trim_start_matches(' ');
    }
    let start = &content[..content.len() - rest.len()];
    let (first, rest) = scalar(rest);
    let key_ends = rest.strip_prefix(':').filter(|rest| rest.is_empty() || rest.starts_with(' '));
    let written = match key_ends {
        Some(value) if value.trim().is_empty() => format!("{}:", inert(first)),
        Some(value) => format!("{}: {}", inert(first), inert(value.trim_start())),
        None => inert(&format!("{first}{rest}")),
    };
    format!("{start}{written}{end}")
}

/// The scalar at the start of a text, as it is written, and what follows.
fn scalar(text: &str) -> (&str, &str) {
    let end = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let mut escaped = false;
            let close = text.char_indices().skip(1).find(|(_, letter)| {
                let closes = *letter == quote && !escaped;
                escaped = quote == '"' && *letter == '\\' && !escaped;
                closes
            });
            close.map_or(text.len(), |(at, _)| at + 1)
        }
        Some(_) | None => text.find(": ").or_else(|| text.strip_suffix(':').map(str::len)).unwrap_or(text.len()),
    };
    text.split_at(end)
}

/// A scalar as it is written, in double quotes and with escapes where it would act.
fn inert(scalar: &str) -> String {
    if !acts(scalar) {
        return scalar.to_owned();
    }
    if let Some(inner) = scalar.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return format!("\"{}\"", escaped(inner, false));
    }
    let single = scalar.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let plain = single.map_or_else(|| scalar.to_owned(), |inner| inner.replace("''", "'"));
    format!("\"{}\"", escaped(&plain, true))
}

/// Escapes what acts; what stood in double quotes has its other escapes already.
fn escaped(text: &str, raw: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut last = None;
    for letter in text.chars() {
        let acts = is_hidden(letter) || begins_command(last, letter);
        last = (!acts).then_some(letter);
        match letter {
            letter if acts => _ = write!(out, "\\U{:08x}", u32::from(letter)),
            '"' | '\\' if raw => out.extend(['\\', letter]),
            letter => out.push(letter),
        }
    }
    out
}

fn acts(text: &str) -> bool {
    let mut last = None;
    text.chars().any(|letter| {
        let acts = is_hidden(letter) || begins_command(last, letter);
        last = Some(letter);
        acts
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_does_nothing_is_written_as_ever() {
        let value = BTreeMap::from([("role", "Flow Runner"), ("time", "10:30: noon #1")]);
        assert_eq!(to_yaml(&value).unwrap(), "role: Flow Runner\ntime: \"10:30: noon #1\"\n");
    }

    proptest! {
        #[test]
        fn yaml_is_inert_and_says_the_same(
            name in "\\PC*|[-:# '\"\\\\\u{1b}\u{7f}\u{202e}\u{200b}\u{e0041}a\r\n]{0,20}",
            other in "[a:# \n\"']{1,10}",
        ) {
            let value = BTreeMap::from([(name.clone(), vec![BTreeMap::from([(other.clone(), name.clone())])])]);
            let yaml = to_yaml(&value).unwrap();
            prop_assert!(!yaml.split('\n').any(acts), "{}", yaml);
            let read: BTreeMap<String, Vec<BTreeMap<String, String>>> = serde_yaml::from_str(&yaml)
                .map_err(|error| TestCaseError::fail(format!("{error}\n{yaml}")))?;
            prop_assert_eq!(read, value, "{}", yaml);
            let scalar = quoted(&name);
            prop_assert!(!acts(&scalar), "{}", scalar);
            prop_assert_eq!(serde_yaml::from_str::<String>(&scalar).map_err(|error| TestCaseError::fail(format!("{error}\n{scalar}")))?, name);
        }
    }
}
