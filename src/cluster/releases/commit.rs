//! The writes of the record: what has become of migrations, and which release runs from now on.

use super::{
    super::{context::Context, write::Failure},
    known::Known,
};
use crate::{
    app::{AppId, short_hash},
    desired::REVISIONS,
    plan::Again,
    release::{Gate, Kept, Recorded, Revision, Target},
};

impl Context {
    /// Writes what has become of entries, and the one that opens the gate: from then on its release runs. Returns when to try again.
    pub async fn commit(&self, target: &mut Target, known: &mut Known) -> Again {
        if target.ungated.enforcement.paused {
            // Nothing is written; what would be is held like every other change.
            if target.gate.is_open() {
                target.open();
            }
            return Again::Done;
        }
        let mut failed = self.end(target, known).await;
        let kept = Kept::of(&target.ungated);
        if let Gate::Commit(entry) = &target.gate {
            let entry = entry.clone();
            match self.enter(target, &entry, &kept).await {
                Ok(()) => {
                    target.open();
                    // Remembered at once: a reconciliation that ends before its status is written must not close them.
                    self.memory.of(&target.id.uid, |memory| memory.earlier = Some(target.earlier.clone()));
                    known.record.put(entry);
                }
                Err(failure) => {
                    target.gate = Gate::Unrecorded(failure.in_words());
                    failed = Some(failure);
                }
            }
        } else if let Some(current) = known.record.current() {
            // Of the release that runs the ports stay known on which its pods listen.
            let kept = Kept::of(&target.ungated_of_what_runs());
            if current.ungated != short_hash(&kept.text()) {
                failed = self.revise(&target.id, current, Some(&kept)).await.err().or(failed);
            }
        }
        self.again_after(&target.id, failed.as_ref())
    }

    /// Writes how migrations have ended, but for the one whose release runs now.
    async fn end(&self, target: &Target, known: &Known) -> Option<Failure> {
        let mut failed = None;
        for entry in &known.ended {
            let opens = matches!(&target.gate, Gate::Commit(opened) if opened.name == entry.name);
            if !opens {
                failed = self.revise(&target.id, entry, None).await.err().or(failed);
            }
        }
        failed
    }

    /// Writes the entry of the release that comes.
    pub(super) async fn enter(&self, target: &Target, entry: &Revision, kept: &Kept) -> Result<(), Failure> {
        if !entry.version.is_empty() {
            return self.revise(&target.id, entry, Some(kept)).await;
        }
        let Some(release) = &target.comes else { return Ok(()) };
        let recorded = Recorded { release: release.clone(), kept: kept.clone() };
        let stored = self.writer.create_revision(&target.id, entry, &recorded).await?;
        self.cache.wrote(REVISIONS, &stored);
        self.remember(&target.id, entry, recorded);
        Ok(())
    }

    async fn revise(&self, id: &AppId, entry: &Revision, kept: Option<&Kept>) -> Result<(), Failure> {
        let stored = self.writer.revise(id, entry, kept).await?;
        self.cache.wrote(REVISIONS, &stored);
        if let Some(kept) = kept {
            self.memory.of(&id.uid, |memory| {
                if let Some(recorded) = memory.releases.get_mut(&entry.name) {
                    recorded.kept = kept.clone();
                }
            });
        }
        Ok(())
    }

    pub(super) fn again_after(&self, id: &AppId, failure: Option<&Failure>) -> Again {
        failure.map_or(Again::Done, |failure| Again::Retry(self.pause(id, failure)))
    }
}
