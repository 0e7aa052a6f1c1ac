//! What a list of one namespace has found of one kind so far: no more than is kept, whatever the namespace has.

use super::{
    record::Record,
    room::{Place, Room},
};

/// What a list of a namespace has found of one kind so far.
#[derive(Debug, Default)]
pub(in crate::cluster) struct Listing {
    room: Room,
    objects: Vec<(String, u64, Record)>,
}

impl Listing {
    /// Takes an object: all that is kept of it, while there is room. Returns whether another one may change the result.
    pub(in crate::cluster) fn take(&mut self, name: String, version: u64, record: Record) -> bool {
        let place = self.room.place(&record);
        let record = if place == Place::Kept { record } else { Record::left_out() };
        self.objects.push((name, version, record));
        place != Place::Beyond
    }

    /// Bytes that it takes in memory, about.
    #[cfg(test)]
    pub(in crate::cluster) fn bytes(&self) -> usize {
        self.objects.iter().map(|(name, _, record)| name.len() + record.size()).sum()
    }

    /// Names, versions and what is kept.
    pub(super) fn into_objects(self) -> Vec<(String, u64, Record)> {
        self.objects
    }
}
