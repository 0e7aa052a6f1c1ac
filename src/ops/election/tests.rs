//! Replicas that compete for one lease, in paused time.

mod api_server;
mod decide;
mod holding;
mod taking_over;

use std::{future::pending, sync::Arc, time::Duration};

use tokio::{task::JoinHandle, time::Instant};

use self::api_server::{ApiServer, Network};
use super::{
    lead::{Election, Lost},
    lease::Leases,
};
use crate::cluster::Tenure;

/// The longest pause between two requests of a replica.
const RETRY: Duration = Duration::from_millis(2500);

/// One replica.
struct Replica {
    election: Election,
    tenure: Arc<Tenure>,
    network: Network,
}

impl Replica {
    fn new(server: &ApiServer, name: &'static str) -> Self {
        let (tenure, network) = (Arc::<Tenure>::default(), Network::default());
        let leases = Leases::new(server.client(name, &network), "hardened-system");
        Self { election: Election::new(leases, name.to_owned(), tenure.clone()), tenure, network }
    }

    /// Stands by until it leads.
    async fn leads(&mut self) {
        assert!(self.election.campaign(|| {}, pending()).await);
        assert!(self.tenure.is_held());
    }

    /// Runs it in the background: stands by, then leads until that ends. Returns when it began to lead, when that ended, and why.
    fn run(mut self) -> JoinHandle<(Instant, Instant, Lost)> {
        tokio::spawn(async move {
            self.leads().await;
            let began = Instant::now();
            let lost = self.election.keep().await;
            assert!(!self.tenure.is_held());
            (began, Instant::now(), lost)
        })
    }
}
