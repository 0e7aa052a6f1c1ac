//! The writes in one namespace, and the one at which the operator is killed.

use std::time::Duration;

/// When the process is killed, as seen from a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// It isn't sent.
    Before,
    /// It is under way: the API server gets it so long after the process was killed.
    During(Duration),
    /// The API server has answered, but the answer doesn't arrive.
    After,
}

/// The process is killed at this write, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) moment: Moment,
    pub(crate) write: usize,
}

/// The writes in one namespace.
#[derive(Clone, Debug, Default)]
pub(crate) struct WriteCounter {
    writes: usize,
    fault: Option<Fault>,
    state: State,
    /// What was written, and what became of the process.
    pub(crate) trace: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// At the fault: the process sends nothing more.
    Closed,
    /// The process was killed.
    Past,
}

/// What becomes of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Pass,
    /// The process is about to be killed; it isn't sent.
    Held,
    Hit(Fault),
}

impl WriteCounter {
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        Self { fault, ..Self::default() }
    }

    /// Counts a write.
    pub(crate) fn next(&mut self, what: &str) -> Turn {
        if self.state == State::Closed {
            return Turn::Held;
        }
        self.writes += 1;
        let is_open = self.state == State::Open;
        match self.fault.filter(|fault| is_open && fault.write == self.writes) {
            Some(fault) => {
                self.state = State::Closed;
                self.trace.push(format!("-- {:?} {what}", fault.moment));
                Turn::Hit(fault)
            }
            None => Turn::Pass,
        }
    }

    pub(crate) fn passed(&mut self, line: String) {
        self.trace.push(line);
    }

    /// The process is gone; the next one may write.
    pub(crate) fn killed(&mut self) {
        self.trace.push("-- killed".to_owned());
        if self.state == State::Closed {
            self.state = State::Past;
        }
    }

    pub(crate) const fn writes(&self) -> usize {
        self.writes
    }

    /// Whether the process was killed at the fault.
    pub(crate) fn was_hit(&self) -> bool {
        self.state == State::Past
    }
}

#[test]
fn the_process_sends_nothing_between_its_fault_and_its_end() {
    let fault = Fault { moment: Moment::Before, write: 2 };
    let mut counter = WriteCounter::new(Some(fault));
    assert_eq!([counter.next("a"), counter.next("b"), counter.next("c")], [Turn::Pass, Turn::Hit(fault), Turn::Held]);
    assert!(!counter.was_hit());
    counter.killed();
    assert_eq!((counter.next("b"), counter.was_hit(), counter.writes()), (Turn::Pass, true, 3));
}
