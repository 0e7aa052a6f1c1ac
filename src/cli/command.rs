//! All commands.

use std::{
    env,
    io::{stderr, stdout},
    path::PathBuf,
    process::ExitCode,
};

use clap::Subcommand;

use super::{crds, database_secret, generate, preflight, reach, render};
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
    /// Check, in a pod that the operator starts before a release, its Secrets and databases.
    Preflight(preflight::Preflight),
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
    /// Runs the command to its end; with its exit code.
    ///
    /// # Errors
    /// If the command fails.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Controller(arguments) => ops::start(arguments),
            Self::Crds => crds::print(stdout()),
            Self::DatabaseSecret(arguments) => database_secret::print(&arguments, stdout()),
            Self::Preflight(arguments) => {
                return Ok(preflight::run(&arguments, |name| env::var_os(name), stdout(), stderr()));
            }
            Self::Reach(arguments) => reach::reach(&arguments, stdout(), stderr()),
            Self::Render(arguments) => render::render(&arguments, stdout(), stderr()),
            Self::Generate { root } => generate::generate(&root),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}
