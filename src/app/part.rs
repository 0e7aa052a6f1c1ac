//! The parts of an app. Each has a name of its own, and objects that belong to it.

use serde::{Deserialize, Serialize};

use super::{
    database::{Database, DatabaseForm},
    edge::End,
    id::{AppId, PartName},
    task::Task,
    workload::Workload,
};

/// One part of an app.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Part {
    /// Pods of one image that run for as long as the app exists.
    Component(Box<Workload>),
    /// A database that only its clients reach.
    Database(Database),
    /// Pods that run to completion before a release.
    Task(Box<Task>),
}

impl Part {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &PartName {
        match self {
            Self::Component(workload) => &workload.name,
            Self::Database(database) => &database.name,
            Self::Task(task) => &task.workload.name,
        }
    }

    /// What its clients connect to.
    #[must_use]
    pub fn ends(&self, id: &AppId) -> Vec<End> {
        match self {
            Self::Component(_) | Self::Task(_) => vec![End::own(id.workload_label(self.name()))],
            Self::Database(database) => database.ends(id),
        }
    }

    /// The pods that the operator runs for it.
    #[must_use]
    pub const fn workload(&self) -> Option<&Workload> {
        match self {
            Self::Component(workload) => Some(workload),
            Self::Database(Database { form: DatabaseForm::Managed(managed), .. }) => Some(&managed.workload),
            Self::Task(task) => Some(&task.workload),
            Self::Database(_) => None,
        }
    }
}
