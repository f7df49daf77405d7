//! How sets of rows are written and read as JSON: a key that is written twice is refused instead of the last one taken.
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) fn serialize<K, R, S>(rows: &Arc<BTreeMap<K, R>>, serializer: S) -> Result<S::Ok, S::Error>
where
    K: Serialize,
    R: Serialize,
    S: Serializer,
{
    serializer.collect_map(rows.iter())
}

pub(super) fn deserialize<'de, K, R, D>(deserializer: D) -> Result<Arc<BTreeMap<K, R>>, D::Error>
where
    K: Ord + Deserialize<'de>,
    R: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(Rows(PhantomData)).map(Arc::new)
}

struct Rows<K, R>(PhantomData<(K, R)>);

impl<'de, K: Ord + Deserialize<'de>, R: Deserialize<'de>> Visitor<'de> for Rows<K, R> {
    type Value = BTreeMap<K, R>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("rows by their keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut rows = BTreeMap::new();
        while let Some((key, row)) = map.next_entry()? {
            if rows.insert(key, row).is_some() {
                return Err(A::Error::custom("a key is there twice"));
            }
        }
        Ok(rows)
    }
}
