//! Undoes percent-encoding in paths, where a plus sign is a plus sign.

/// Decodes `%XX`; nothing when an escape is broken or the bytes are not text.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first != b'%' {
            bytes.push(*first);
            rest = tail;
            continue;
        }
        let digit = |at: usize| tail.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        let value = digit(0)? * 16 + digit(1)?;
        bytes.push(u8::try_from(value).ok()?);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).ok()
}

/// Encodes everything but letters, digits and what is to be kept.
pub fn encode(text: &str, kept: &str) -> String {
    use std::fmt::Write as _;
    text.chars().fold(String::new(), |mut encoded, character| {
        if character.is_ascii_alphanumeric() || kept.contains(character) {
            encoded.push(character);
        } else {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                write!(encoded, "%{byte:02X}").expect("a string takes everything");
            }
        }
        encoded
    })
}

/// Cuts a path into its segments and decodes each; empty segments do not count.
pub fn segments(path: &str) -> Option<Vec<String>> {
    path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_and_a_plus_stays() {
        assert_eq!(decode("a%23EXT%23+b&c=%C3%A4").as_deref(), Some("a#EXT#+b&c=ä"));
        assert_eq!(segments("/users/a%2Fb//c/").unwrap(), ["users", "a/b", "c"]);
    }

    #[test]
    fn what_is_encoded_is_decoded_again() {
        let text = "<a b=\"ä/%\" />";
        assert_eq!(encode(text, "="), "%3Ca%20b=%22%C3%A4%2F%25%22%20%2F%3E");
        assert_eq!(decode(&encode(text, "")).as_deref(), Some(text));
    }

    #[test]
    fn broken_escapes_are_no_text() {
        for broken in ["%", "%4", "%zz", "%FF"] {
            assert_eq!(decode(broken), None, "{broken}");
        }
    }
}
