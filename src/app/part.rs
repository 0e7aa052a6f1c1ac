//! The parts of an app. Each has a name of its own, and objects that belong to it.

use super::{
    database::{Database, DatabaseForm},
    id::PartName,
    workload::Workload,
};

/// One part of an app.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Pods of one image that run for as long as the app exists.
    Component(Box<Workload>),
    /// A database that only its clients reach.
    Database(Database),
}

impl Part {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &PartName {
        match self {
            Self::Component(workload) => &workload.name,
            Self::Database(database) => &database.name,
        }
    }

    /// The pods that the operator runs for it.
    #[must_use]
    pub const fn workload(&self) -> Option<&Workload> {
        match self {
            Self::Component(workload) => Some(workload),
            Self::Database(Database { form: DatabaseForm::Managed(managed), .. }) => Some(&managed.workload),
            Self::Database(_) => None,
        }
    }
}
