//! Foreign text: names and answers that somebody else wrote are shown, never obeyed.

/// How many characters of a foreign text are shown.
const LONGEST: usize = 300;

/// Shortens foreign text to 300 characters and escapes what a terminal, an editor or a pipeline would act on.
pub fn clip(text: &str) -> String {
    let mut letters = text.chars();
    let mut clipped: String = letters.by_ref().take(LONGEST).collect();
    if letters.next().is_some() {
        clipped.push('…');
    }
    inert(&clipped)
}

/// Escapes what a terminal, an editor or a pipeline would act on, in one line; what is inert already stays as it is.
///
/// `##` and `::` begin commands to Azure Pipelines (`##vso[…]`, `##[…]` anywhere in a line) and GitHub Actions (`::…::`)
/// (Learn: logging commands; GitHub Docs: workflow commands).
pub fn inert(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut last = None;
    for letter in text.chars() {
        if is_hidden(letter) || begins_command(last, letter) {
            shown.extend(letter.escape_unicode());
            last = None;
        } else {
            shown.push(letter);
            last = Some(letter);
        }
    }
    shown
}

/// Escapes what a terminal or an editor would act on in text of several lines that is our own for the rest.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_hidden(letter) && !matches!(letter, '\n' | '\t') {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Escapes, as JSON has it, what a terminal, a page or a pipeline would act on; the value stays the same.
///
/// `<`, `>` and `&` are escaped as Go's encoder, and so Terraform's, does it.
pub fn inert_json(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    let mut last = None;
    for letter in text.chars() {
        // Line breaks between values; those within texts are escaped already.
        let active = (is_hidden(letter) && letter != '\n') || matches!(letter, '<' | '>' | '&');
        if active || begins_command(last, letter) {
            let mut units = [0; 2];
            json.extend(letter.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            last = None;
        } else {
            json.push(letter);
            last = Some(letter);
        }
    }
    json
}

/// Says whether a character would make a pipeline's command of the one before it.
pub fn begins_command(before: Option<char>, letter: char) -> bool {
    matches!(letter, '#' | ':') && before == Some(letter)
}

/// Says whether a character does something to the text around it, or cannot be seen: controls, changes of direction,
/// nothing wide, line separators, fillers, variants, tags and characters that mean what a font likes.
pub fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || is_bidirectional_control(letter)
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}'
            | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{10ffff}')
}

/// Says whether a character changes the direction of the text around it.
pub fn is_bidirectional_control(letter: char) -> bool {
    matches!(letter, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn foreign_text_is_cut_and_cannot_steer_a_terminal() {
        assert_eq!(clip("a\u{1b}[31mb\u{202e}"), "a\\u{1b}[31mb\\u{202e}");
        assert_eq!(clip(&"x".repeat(400)).chars().count(), 301);
        assert_eq!(inert("a\u{200b}b\u{e0041}\nc"), "a\\u{200b}b\\u{e0041}\\u{a}c");
    }

    #[test]
    fn foreign_text_cannot_command_a_pipeline() {
        assert_eq!(inert("##vso[task.setvariable]x"), "#\\u{23}vso[task.setvariable]x");
        assert_eq!(inert("::add-mask::x"), ":\\u{3a}add-mask:\\u{3a}x");
        assert_eq!(inert("a: b #1"), "a: b #1");
        assert_eq!(visible("a\tb\n\u{1b}[31m"), "a\tb\n\\u{1b}[31m");
    }

    proptest! {
        #[test]
        fn what_is_inert_stays_as_it_is(text in "\\PC*|[#:\u{200b}-\u{202f}a\n]{0,20}") {
            let once = inert(&text);
            prop_assert_eq!(inert(&once), once.clone());
            prop_assert!(!once.contains("##") && !once.contains("::") && !once.chars().any(is_hidden), "{}", once);
        }
    }
}
