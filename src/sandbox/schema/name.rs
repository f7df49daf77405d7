//! Names in the schema.

use std::borrow::Cow;

/// A name in the schema: compiled in for Microsoft's tables, owned for a seed's.
pub type Name = Cow<'static, str>;
