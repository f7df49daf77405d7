//! What services and programs repeat of secrets and tokens is taken out of their words.

/// What stands in place of a secret.
const MASK: &str = "***";
/// The least of a secret's beginning that is taken for it where a text was cut.
const SHORTEST: usize = 4;
/// How every JSON Web Token begins: `{"` in base64.
const TOKEN: &str = "eyJ";

/// A text without a secret, nor its beginning at the end of a text that was cut there.
pub(super) fn without(text: &str, secret: &str) -> String {
    let mut text = if secret.is_empty() { text.to_owned() } else { text.replace(secret, MASK) };
    if let Some(cut) = text.strip_suffix('…') {
        let beginnings = secret.char_indices().map(|(at, _)| &secret[..at]).filter(|part| part.len() >= SHORTEST);
        if let Some(part) = beginnings.rev().find(|part| cut.ends_with(part)) {
            text = format!("{}{MASK}…", &cut[..cut.len() - part.len()]);
        }
    }
    text
}

/// A text without anything that looks like a JSON Web Token, or the beginning of one.
pub(super) fn without_tokens(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(TOKEN) {
        out.push_str(&rest[..at]);
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | '=');
        let end = rest[at..].find(|letter| !is_part(letter)).map_or(rest.len(), |length| at + length);
        out.push_str(MASK);
        rest = &rest[end..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_also_where_the_text_was_cut_in_its_middle() {
        assert_eq!(without("the secret hunter2 is wrong: hunter2", "hunter2"), "the secret *** is wrong: ***");
        assert_eq!(without("the secret hunt…", "hunter2"), "the secret ***…");
        assert_eq!(without("go hun…", "hunter2"), "go hun…");
        assert_eq!(without("nothing", ""), "nothing");
        assert_eq!(without("grüße…", "grüße sie"), "***…");
    }

    #[test]
    fn a_token_is_masked_whole_or_cut() {
        assert_eq!(without_tokens("not eyJhbGciOiJub25lIn0.eyJhIjoxfQ.x, but"), "not ***, but");
        assert_eq!(without_tokens("\"eyJhbGci…"), "\"***…");
        assert_eq!(without_tokens("plain"), "plain");
    }
}
