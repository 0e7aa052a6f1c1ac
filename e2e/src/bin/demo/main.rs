//! A minute with the operator: `make demo`. It also serves as a test: it fails where the story doesn't come true.

mod app;
mod attack;
mod kubectl;
mod table;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Parser;
use e2e::ControlPlane;
use e2e::operator::{self, Operator};
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::kubectl::Kubectl;

/// See an app made hardened, attacked and healed, on a control plane of its own.
#[derive(Parser)]
struct Arguments {
    /// Keep everything running at the end, to look around, until Ctrl-C.
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

/// Whatever ends the story, all that it has started ends with it.
async fn story(keep: bool) -> Result<()> {
    let mut stop = Box::pin(told_to_stop()?);
    let (operator, control_plane) = select! {
        shown = show() => shown?,
        () = &mut stop => bail!("stopped before its end"),
    };
    if keep {
        look_around(&control_plane);
        stop.await;
    }
    println!("\nEnding the operator and the control plane …");
    operator.stop().await?;
    Ok(())
}

async fn show() -> Result<(Operator, ControlPlane)> {
    println!(
        "HardenedApp is a Kubernetes operator: a team writes one object, the operator makes a hardened app of it and"
    );
    println!(
        "keeps it as declared. This demo shows that on a real Kubernetes control plane, which ends with the demo."
    );

    println!("\n1. A control plane\n");
    println!("   starting etcd, the API server and the controller manager …");
    let begin = Instant::now();
    let control_plane = ControlPlane::start().await?;
    println!("   ready after {:.1} s", begin.elapsed().as_secs_f32());
    println!(
        "   It has no node, so no pod runs: READY stays False with the reason RolloutInProgress. What is shown here"
    );
    println!(
        "   comes before that: which objects exist, what they say, and what becomes of it when others change them."
    );

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

    println!("\n4. Four attacks, by somebody who may do everything in the cluster");
    for (attack, number) in attack::ATTACKS.iter().zip(1..) {
        println!("\n   4.{number} {}\n       {}\n", attack.title, attack.harm);
        attack.play(&app, &kubectl).await?;
    }

    println!("\n5. What a security officer sees\n");
    app.summary(&kubectl).await?;
    println!(
        "\nA pod of an attacked template may still be Pending: Kubernetes removes it as soon as the app's own pods serve, and here \
         none ever does."
    );
    println!("\nAll four attacks were undone and reported.");
    Ok((operator, control_plane))
}

/// Says how to go on by hand.
fn look_around(control_plane: &ControlPlane) {
    println!("\nEverything keeps running until Ctrl-C. In another terminal:\n");
    println!("  export KUBECONFIG={}", control_plane.admin_kubeconfig().display());
    if let Some(programs) = std::env::var_os("KUBEBUILDER_ASSETS") {
        println!("  export PATH={}:$PATH", programs.display());
    }
    println!("  kubectl -n {} get happ,all,networkpolicies", app::NAMESPACE);
}

fn told_to_stop() -> Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    })
}
