//! A demo of one minute: `make demo`. It is also a test: it fails if the operator doesn't do what the demo says.

mod app;
mod attack;
mod database;
mod entry;
mod kubectl;
mod migration;
mod table;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Parser;
use e2e::ControlPlane;
use e2e::kubelet::{Kubelet, PodOutcome};
use e2e::operator::{self, Operator};
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::kubectl::Kubectl;

/// Create a hardened app, attack it and watch the operator revert the attacks, on a control plane that the demo starts.
#[derive(Parser)]
struct Arguments {
    /// At the end keep everything running until Ctrl-C, to inspect it.
    #[arg(long)]
    keep: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match story(Arguments::parse().keep).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nthe demo failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the demo; at its end, also after an error or a signal, ends everything that it has started.
async fn story(keep: bool) -> Result<()> {
    let mut stop = Box::pin(stop_signal()?);
    // The last two play their part for as long as the demo is kept.
    let (operator, control_plane, _kubelets) = select! {
        shown = show() => shown?,
        () = &mut stop => bail!("interrupted"),
    };
    if keep {
        print_access(&control_plane);
        stop.await;
    }
    println!("\nEnding the operator and the control plane …");
    operator.stop().await?;
    Ok(())
}

async fn show() -> Result<(Operator, ControlPlane, [Kubelet; 2])> {
    println!(
        "HardenedApp is a Kubernetes operator: a team writes one object, and the operator creates a hardened app from it"
    );
    println!("and reverts drift. This demo shows that on a real Kubernetes control plane, which ends with the demo.");

    println!("\n1. A control plane\n");
    println!("   starting etcd, the API server and the controller manager …");
    let begin = Instant::now();
    let control_plane = ControlPlane::start().await?;
    println!("   ready after {:.1} s", begin.elapsed().as_secs_f32());
    println!(
        "   It has no node, so no pod runs: READY stays False with the reason RolloutInProgress. The demo shows which"
    );
    println!(
        "   objects the operator creates, what is in them, and how it reverts changes by other field managers. For pods of"
    );
    println!("   Jobs it writes the status that a kubelet would write.");

    println!("\n2. The operator\n");
    println!("   installing its CustomResourceDefinitions, its roles and its ServiceAccount …");
    operator::install(&control_plane).await?;
    println!("   starting it as that ServiceAccount …");
    let operator = Operator::start(&control_plane).await?;
    let kubectl = Kubectl::new(&control_plane);
    println!("   May it read Secrets?");
    kubectl.refused(&["auth", "can-i", "get", "secrets", "--all-namespaces", "--as", operator::USER]).await?;

    let app = App::new(&control_plane).await?;
    println!("\n3. An app\n");
    app.create(&kubectl).await?;

    println!("\n4. Five attacks, by a user with cluster-admin rights");
    for (attack, number) in attack::ATTACKS.iter().zip(1..) {
        println!("\n   4.{number} {}\n       {}\n", attack.title, attack.harm);
        attack.play(&app, &kubectl).await?;
    }

    // Databases are checked before a release, by a pod of the app.
    let kubelet = Kubelet::start(&control_plane.admin_client().await?, app::NAMESPACE, |_| PodOutcome::succeeds());
    println!("\n   4.5 An open database\n       NetworkPolicies add up: what one allows, no other can take back.\n");
    database::play(&app, &kubectl).await?;

    println!("\n5. A release that waits for its migration\n");
    migration::play(&app, &kubelet, &kubectl).await?;

    println!("\n6. An entry point for clients outside the cluster\n");
    let saas = entry::play(&control_plane, &app, &kubectl).await?;

    println!("\n7. What the status, the Events and the audit log say\n");
    app.summary(&kubectl).await?;
    println!(
        "\nA pod of an attacked template may still be Pending: the Deployment controller removes it once the app's own pods are \
         ready, which never happens without a node."
    );
    println!(
        "\nThe operator reverted four attacks, reported all five, rolled out no version before its migration had succeeded, and gave a \
         host to one app only."
    );
    Ok((operator, control_plane, [kubelet, saas]))
}

/// Prints how to reach the control plane from another terminal.
fn print_access(control_plane: &ControlPlane) {
    println!("\nEverything keeps running until Ctrl-C. In another terminal:\n");
    println!("  export KUBECONFIG={}", control_plane.admin_kubeconfig().display());
    if let Some(programs) = std::env::var_os("KUBEBUILDER_ASSETS") {
        println!("  export PATH={}:$PATH", programs.display());
    }
    println!("  kubectl -n {} get happ,all,networkpolicies", app::NAMESPACE);
}

fn stop_signal() -> Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    })
}
