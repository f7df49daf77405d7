//! Texts with wildcards, as the database below Dataverse reads them (Learn: use wildcard characters in conditions for string values).

/// Says whether a text is like a pattern, without regard to case: `%` is any text, `_` one character, `[a-f]` one of these,
/// `[^a-f]` one of the others.
pub(super) fn is_like(text: &str, pattern: &str) -> bool {
    let folded = |text: &str| text.to_lowercase().chars().collect::<Vec<char>>();
    matches(&folded(text), &folded(pattern))
}

fn matches(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => {
            let rest = skip_all(rest);
            rest.is_empty() || (0..=text.len()).any(|start| matches(&text[start..], rest))
        }
        ['_', rest @ ..] => text.split_first().is_some_and(|(_, left)| matches(left, rest)),
        ['[', rest @ ..] => {
            let Some(end) = rest.iter().skip(1).position(|character| *character == ']') else { return false };
            let (class, rest) = (&rest[..=end], &rest[end + 2..]);
            text.split_first().is_some_and(|(first, left)| is_in(*first, class) && matches(left, rest))
        }
        [character, rest @ ..] => {
            text.split_first().is_some_and(|(first, left)| first == character && matches(left, rest))
        }
    }
}

fn skip_all(mut pattern: &[char]) -> &[char] {
    while let ['%', rest @ ..] = pattern {
        pattern = rest;
    }
    pattern
}

fn is_in(character: char, class: &[char]) -> bool {
    let (is_wanted, mut class) = match class {
        ['^', rest @ ..] if !rest.is_empty() => (false, rest),
        all => (true, all),
    };
    let mut is_found = false;
    loop {
        (is_found, class) = match class {
            [] => return is_found == is_wanted,
            [first, '-', last, rest @ ..] => (is_found || (*first..=*last).contains(&character), rest),
            [one, rest @ ..] => (is_found || *one == character, rest),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn wildcards_stand_for_texts_characters_and_ranges() {
        for (text, pattern, expected) in [
            ("Flow Runner", "flow%", true),
            ("Flow Runner", "%RUNNER", true),
            ("Flow Runner", "%ow R%", true),
            ("Flow Runner", "f%r%r", true),
            ("Flow Runner", "flow", false),
            ("Flow Runner", "Flow_Runner", true),
            ("Flow Runner", "Flow_unner", false),
            ("Flow 5%", "%[%]", true),
            ("Flow 5", "%[%]", false),
            ("Flow 5", "flow [0-9]", true),
            ("Flow 5", "flow [^0-9]", false),
            ("a-b", "a[-x]b", true),
            ("", "%", true),
            ("", "_", false),
            ("a[b", "a[b", false),
        ] {
            assert_eq!(is_like(text, pattern), expected, "{text} like {pattern}");
        }
    }
}
