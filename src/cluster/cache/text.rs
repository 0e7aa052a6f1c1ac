//! Texts of objects that wait for their verdict: compressed, and together within a bound.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use lz4_flex::block::{compress_prepend_size_with_dict, decompress_size_prepended_with_dict};
use serde_json::Value;

use crate::desired::Kind;

/// Room for all texts, in compressed bytes. A start needs the most of it: no object is compared before all are listed. What comes
/// beyond is read again when its app is reconciled.
pub(in crate::cluster) const ROOM: usize = 8 * 1024 * 1024;

/// Longest text that others are compressed with: LZ4 looks back 64 KiB.
const LONGEST_DICTIONARY: usize = 32 * 1024;

/// A text that shrinks to no less than this part of it is unlike the one that it is compressed with.
const UNLIKE: usize = 4;

/// Longest compressed text that is kept, so that a few large objects don't take all the room.
const LONGEST: usize = 16 * 1024;

/// The room that is left.
#[derive(Debug)]
pub(super) struct Room {
    left: Arc<AtomicUsize>,
    /// A text of each kind. Objects of a kind differ in names and little else, so what others have in common with it takes next to
    /// nothing: they shrink to a tenth or less. One that doesn't takes its place, since a client may have chosen it.
    dictionaries: Mutex<BTreeMap<&'static Kind, Arc<str>>>,
}

impl Default for Room {
    fn default() -> Self {
        Self { left: Arc::new(AtomicUsize::new(ROOM)), dictionaries: Mutex::default() }
    }
}

/// The text of one object, compressed. It gives its room back when it is dropped.
pub(super) struct Text {
    compressed: Box<[u8]>,
    /// Bytes of the text itself.
    length: usize,
    dictionary: Arc<str>,
    left: Arc<AtomicUsize>,
}

impl Room {
    /// Keeps a text, where there is room for it.
    pub(super) fn keep(&self, kind: &'static Kind, text: &str) -> Option<Text> {
        let mut dictionaries = self.dictionaries.lock().unwrap_or_else(PoisonError::into_inner);
        let dictionary = dictionaries.get(kind).cloned().unwrap_or_else(|| "".into());
        let compressed = compress_prepend_size_with_dict(text.as_bytes(), dictionary.as_bytes()).into_boxed_slice();
        if compressed.len() > text.len() / UNLIKE && text.len() <= LONGEST_DICTIONARY {
            dictionaries.insert(kind, text.into());
        }
        if compressed.len() > LONGEST {
            return None;
        }
        let take = |left: usize| left.checked_sub(compressed.len());
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()?;
        Some(Text { compressed, length: text.len(), dictionary, left: self.left.clone() })
    }
}

impl Text {
    pub(super) const fn length(&self) -> usize {
        self.length
    }

    pub(super) fn read(&self) -> Option<Value> {
        let text = decompress_size_prepended_with_dict(&self.compressed, self.dictionary.as_bytes()).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        self.left.fetch_add(self.compressed.len(), Ordering::Relaxed);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.length)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{child, kind};

    #[test]
    fn a_text_is_kept_while_there_is_room_and_gives_it_back() {
        let (room, kind) = (Room::default(), kind("Service"));
        let object = json!({ "a": "b" });
        let first = room.keep(kind, &object.to_string()).unwrap();
        assert_eq!(first.read(), Some(object));
        assert_eq!(room.left.load(Ordering::Relaxed), ROOM - first.compressed.len());
        room.left.store(1, Ordering::Relaxed);
        assert!(room.keep(kind, "{}").is_none());
        drop(first);
        assert!(room.keep(kind, "{}").is_some());
    }

    #[test]
    fn what_resembles_the_first_text_takes_little() {
        let room = Room::default();
        for (kind, longest) in [("Deployment", 200), ("NetworkPolicy", 120)] {
            let texts = ["one", "two"].map(|name| child(kind).body.to_string().replace("shop", name));
            let [_, second] = texts.map(|text| room.keep(child(kind).kind, &text).unwrap());
            assert!(second.compressed.len() < longest, "{kind}: {} bytes", second.compressed.len());
            assert_eq!(second.read().unwrap()["kind"], kind);
        }
    }
}
