//! How much is kept of what others have in one namespace: a client can make any number of objects.

use super::record::{Object, Record};

/// Objects that are kept.
const MOST: usize = 200;

/// Bytes that they may take together.
const LARGEST: usize = 64 * 1024;

/// Objects beyond those of which the names are kept, so that they can be counted down.
const MOST_COUNTED: usize = 200;

/// What is taken of the room.
#[derive(Debug, Default)]
pub(super) struct Room {
    kept: usize,
    bytes: usize,
    counted: usize,
    /// How many were kept when an object was left out last, and their bytes.
    last: (usize, usize),
    /// There were more than are counted.
    overflows: bool,
    /// Everything is to be listed again.
    awaits_list: bool,
}

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Kept,
    /// It is left out, and its name is known.
    Counted,
    /// It is left out.
    Beyond,
}

impl Room {
    /// Takes room for an object.
    pub(super) fn place(&mut self, record: &Record) -> Place {
        let size = record.size();
        if self.kept < MOST && self.bytes + size <= LARGEST && record.object != Object::LeftOut {
            self.kept += 1;
            self.bytes += size;
            return Place::Kept;
        }
        self.last = (self.kept, self.bytes);
        if self.counted == MOST_COUNTED {
            self.overflows = true;
            return Place::Beyond;
        }
        self.counted += 1;
        Place::Counted
    }

    /// Gives back the room of an object that is kept, or was only counted.
    pub(super) fn free(&mut self, kept: Option<&Record>) {
        match kept {
            Some(record) => {
                self.kept -= 1;
                self.bytes -= record.size();
            }
            None => self.counted -= 1,
        }
    }

    /// Everything is to be listed again.
    pub(super) const fn await_list(&mut self) {
        (self.overflows, self.awaits_list) = (false, true);
    }

    /// What could be kept is kept.
    pub(super) const fn listed(&mut self) {
        (self.awaits_list, self.last) = (false, (self.kept, self.bytes));
    }

    /// Whether a quarter of what was kept when an object was left out last has gone, so that reading what was left out is worth a list: a
    /// client that adds and deletes objects at the bound pays for it with requests of its own.
    pub(super) const fn is_worth_a_list(&self) -> bool {
        let (kept, bytes) = self.last;
        let has_room =
            self.kept < kept && self.kept <= kept / 4 * 3 || self.bytes < bytes && self.bytes <= bytes / 4 * 3;
        !self.awaits_list && (self.overflows && self.counted == 0 || self.omitted() > 0 && has_room)
    }

    /// Objects that aren't kept, as far as they are counted.
    pub(super) const fn omitted(&self) -> usize {
        self.counted + self.overflows as usize
    }
}
