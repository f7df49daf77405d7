//! How requests to Dataverse are refused.

/// What Dataverse answers to whatever it cannot parse or resolve (recorded: public clients), and to segments that it has not.
pub(super) const CANNOT_PARSE: (u16, &str) = (400, "0x80060888");
pub(super) const NO_SEGMENT: (u16, &str) = (404, "0x80060888");
/// Bodies that cannot be read (recorded).
pub(super) const BAD_PAYLOAD: (u16, &str) = (400, "0x80048d19");
pub(super) const WRONG_VERB: (u16, &str) = (405, "0x80060888");
pub(super) const NO_ROW: (u16, &str) = (404, "0x80040217");

/// What is asked, the answer's status and code, and a part of its text.
pub(super) type Case = (&'static str, &'static str, &'static str, (u16, &'static str), &'static str);
