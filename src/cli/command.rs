//! All commands.

use std::{
    io::{stderr, stdout},
    path::PathBuf,
};

use clap::Subcommand;

use super::{crds, database_secret, generate, reach, render};
use crate::ops;

/// A command with its arguments.
#[derive(Subcommand)]
pub enum Command {
    /// Run the controller against the cluster of KUBECONFIG or of the pod.
    Controller(ops::Controller),
    /// Print the CustomResourceDefinitions.
    Crds,
    /// Print Secrets for the managed databases of apps, with generated passwords.
    DatabaseSecret(database_secret::DatabaseSecret),
    /// Print who may connect to whom on which port, without a cluster.
    Reach(reach::Reach),
    /// Print all objects of apps, without a cluster.
    Render(render::Render),
    /// Write the generated files of the repository.
    #[command(hide = true)]
    Generate {
        /// Root of the repository.
        root: PathBuf,
    },
}

impl Command {
    /// Runs the command to its end.
    ///
    /// # Errors
    /// If the command fails.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Controller(arguments) => ops::start(arguments),
            Self::Crds => crds::print(stdout()),
            Self::DatabaseSecret(arguments) => database_secret::print(&arguments, stdout()),
            Self::Reach(arguments) => reach::reach(&arguments, stdout(), stderr()),
            Self::Render(arguments) => render::render(&arguments, stdout()),
            Self::Generate { root } => generate::generate(&root),
        }
    }
}
