//! Where a contender shows what it can: a fresh control plane with nobody else on it.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use e2e::audit::{self, IN_FULL, Request};
use e2e::operator::{self, Operator};
use e2e::{ControlPlane, Parts};
use kube::Client;

use crate::bare::Bare;
use crate::fleet::Fleet;
use crate::quiet;
use crate::sight::Sight;

/// Apps of the warm-up.
const WARM_UP: usize = 20;

/// Requests in flight of whoever creates apps for the operator.
const CREATING: usize = 16;

/// A control plane, and who works on it.
pub(crate) struct Stage {
    pub(crate) control_plane: ControlPlane,
    pub(crate) bare: Bare,
    pub(crate) sight: Sight,
    program: PathBuf,
    operator: Option<Operator>,
}

/// Who fills the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// The bare client, with so many requests in flight.
    Bare(usize),
    Operator,
}

impl fmt::Display for Contender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare(in_flight) => write!(formatter, "bare client, {in_flight} in flight"),
            Self::Operator => formatter.write_str("operator"),
        }
    }
}

impl Stage {
    /// A fresh control plane, on which the contender has warmed up. No controller manager: it would write as well, and more or
    /// less depending on the moment.
    pub(crate) async fn set(contender: Contender, program: &Path) -> Result<Self> {
        let control_plane = ControlPlane::start_with(Parts::Storage).await?;
        operator::install(&control_plane).await?;
        let admin = control_plane.admin_client().await?;
        let account = e2e::client(&operator::kubeconfig(&control_plane).await?).await?;
        let sight = Sight::on(&admin);
        let bare = Bare { admin, account };
        let mut stage = Self { control_plane, bare, sight, program: program.to_owned(), operator: None };
        if contender == Contender::Operator {
            stage.start_operator().await?;
        }
        let warm_up = Fleet::within(IN_FULL, WARM_UP)?;
        warm_up.prepare(&stage.bare.admin).await?;
        stage.fill(contender, &warm_up).await?;
        stage.sight.in_place(WARM_UP).await?;
        if contender == Contender::Operator {
            // The last status is seen before it is answered and logged.
            quiet::wait(stage.operator()?).await?;
        }
        Ok(stage)
    }

    /// Writes apps and waits for the answers; where the operator is the contender, only to those who create.
    pub(crate) async fn fill(&self, contender: Contender, fleet: &Fleet) -> Result<()> {
        match contender {
            Contender::Bare(in_flight) => self.bare.write(fleet, in_flight).await,
            Contender::Operator => fleet.create(&self.bare.admin, CREATING).await,
        }
    }

    /// Waits until so many apps are in place besides those of the warm-up.
    pub(crate) async fn in_place(&self, apps: usize) -> Result<std::time::Instant> {
        self.sight.in_place(WARM_UP + apps).await
    }

    /// Apps there are, the warm-up's included.
    pub(crate) const fn apps(fleet: usize) -> usize {
        WARM_UP + fleet
    }

    pub(crate) fn admin(&self) -> &Client {
        &self.bare.admin
    }

    pub(crate) fn operator(&self) -> Result<u32> {
        self.control_plane.process(operator::NAME)
    }

    /// What was asked for under the operator's name so far, events aside: they are a courtesy, and come when they come.
    pub(crate) fn requests(&self) -> Result<Vec<Request>> {
        let mut requests = audit::all_requests(&self.control_plane.audit_log(), operator::USER)?;
        requests.retain(|request| request.resource != "events");
        Ok(requests)
    }

    pub(crate) async fn start_operator(&mut self) -> Result<()> {
        self.operator = Some(Operator::start_program(&self.control_plane, self.program.clone()).await?);
        Ok(())
    }

    pub(crate) async fn stop_operator(&mut self) -> Result<()> {
        match self.operator.take() {
            Some(operator) => operator.stop().await.map(drop),
            None => Ok(()),
        }
    }
}
