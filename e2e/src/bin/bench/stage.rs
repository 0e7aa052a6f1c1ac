//! A fresh control plane on which one contender is measured, without any other writer.

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

/// Requests in flight of the client that creates the apps for the operator.
const CREATING: usize = 16;

/// A control plane with its clients and, if it is the contender, the operator.
pub(crate) struct Stage {
    pub(crate) control_plane: ControlPlane,
    pub(crate) bare: Bare,
    pub(crate) sight: Sight,
    program: PathBuf,
    operator: Option<Operator>,
}

/// The program that creates the children and the statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// The bare client, with this number of requests in flight.
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
    /// Starts a control plane and lets the contender create the apps of the warm-up. There is no controller manager: the
    /// number of its writes varies from lap to lap.
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
            // The watch receives the last status before the audit log has the request.
            quiet::wait(stage.operator()?).await?;
        }
        Ok(stage)
    }

    /// Creates apps and waits for the responses. The bare client also writes children and statuses; the operator does that
    /// asynchronously.
    pub(crate) async fn fill(&self, contender: Contender, fleet: &Fleet) -> Result<()> {
        match contender {
            Contender::Bare(in_flight) => self.bare.write(fleet, in_flight).await,
            Contender::Operator => fleet.create(&self.bare.admin, CREATING).await,
        }
    }

    /// Waits until this number of apps are in place in addition to those of the warm-up.
    pub(crate) async fn in_place(&self, apps: usize) -> Result<std::time::Instant> {
        self.sight.in_place(WARM_UP + apps).await
    }

    /// The number of apps including those of the warm-up.
    pub(crate) const fn apps(fleet: usize) -> usize {
        WARM_UP + fleet
    }

    pub(crate) fn admin(&self) -> &Client {
        &self.bare.admin
    }

    /// The process id of the operator.
    pub(crate) fn operator(&self) -> Result<u32> {
        self.control_plane.process(operator::NAME)
    }

    /// All requests by the operator's ServiceAccount so far, without Events, which are sent at any time, and without those for the lease,
    /// which are sent every two seconds.
    pub(crate) fn requests(&self) -> Result<Vec<Request>> {
        let mut requests = audit::all_requests(&self.control_plane.audit_log(), operator::USER)?;
        requests.retain(|request| !["events", "leases"].contains(&request.resource.as_str()));
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
