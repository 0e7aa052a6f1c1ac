//! What should exist, by what is decided and what is known of the release that runs.

use serde_json::{Value, json};

use crate::{
    api::Protocol,
    app::{Edge, End, PartName, Peer, PortNumber, Ports},
    desired::children,
    fixtures::{app, shop},
    release::{Gate, Kept, Recorded, Running, Target},
};

fn recorded(spec: Value) -> Running {
    let app = app(spec);
    Running::Recorded(Box::new(Recorded { kept: Kept::of(&app.ungated), release: app.release }))
}

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut spec = shop();
    change(&mut spec["components"][0]);
    spec
}

/// The images of the Deployments.
fn images(target: &Target) -> Vec<String> {
    let deployments = children(target).into_iter().filter(|child| child.kind.name == "Deployment");
    let image = |body: &Value| body.pointer("/spec/template/spec/containers/0/image")?.as_str().map(str::to_owned);
    deployments.filter_map(|child| image(&child.body)).collect()
}

#[test]
fn what_runs_stays_while_the_newest_waits_and_where_it_is_unknown_nothing_starts() {
    let newest = || app(with(|web| web["image"] = json!("r.io/web:2")));
    let of = |gate, running| images(&Target::decided(newest(), gate, running, None));
    assert_eq!(of(Gate::Preflight, recorded(shop())), ["r.io/web:1"]);
    assert_eq!(of(Gate::Preflight, Running::Newest), ["r.io/web:2"]);
    assert_eq!(of(Gate::Preflight, Running::Unknown), [""; 0], "no pod of the release that waits");
    assert_eq!(of(Gate::Open, recorded(shop())), ["r.io/web:1"]);
    assert_eq!(of(Gate::Open, Running::Unknown), ["r.io/web:2"]);
}

#[test]
fn a_release_that_can_have_one_pod_only_keeps_that_number_while_it_runs() {
    let before = with(|web| web["volumes"] = json!([{ "name": "data", "claim": "data", "path": "/data" }]));
    let after = || app(with(|web| web["replicas"] = json!(3)));
    let replicas = |running| {
        let target = Target::decided(after(), Gate::Preflight, running, None);
        target.ungated.scale[&PartName::new("web")].replicas
    };
    assert_eq!(replicas(recorded(before)), 1);
    assert_eq!(replicas(recorded(shop())), 3, "more pods of a release that may have them start at once");
}

#[test]
fn clients_of_other_apps_reach_the_port_of_the_release_that_runs() {
    let port = |number: u16| {
        let pods = |workload: &str| End::Pods(Peer { namespace: None, workload: workload.to_owned() });
        Edge {
            from: pods("portal.web"),
            to: pods("shop.web"),
            ports: Ports::Of(vec![PortNumber { number, protocol: Protocol::Tcp }]),
        }
    };
    let after = |change: fn(&mut Value)| {
        app(with(|web| {
            web["ports"][0]["port"] = json!(9090);
            change(web);
        }))
    };
    let mut target = Target::decided(after(|_| ()), Gate::Preflight, recorded(shop()), None);
    assert!(target.accepted().contains(&port(8080)) && target.accepted().contains(&port(9090)));
    // What is recorded of the release that runs still says so.
    let kept = Kept::of(&target.ungated_of_what_runs());
    let again = Recorded { kept, release: app(shop()).release };
    let again = Running::Recorded(Box::new(again));
    target = Target::decided(after(|_| ()), Gate::Preflight, again, None);
    assert!(target.accepted().contains(&port(8080)), "in the next reconciliation, too");
    target.open();
    assert!(target.accepted().contains(&port(8080)), "until the last pod that listens there is gone");
    let denied = after(|web| web["allowFrom"] = json!([]));
    let target = Target::decided(denied, Gate::Preflight, recorded(shop()), None);
    assert!(!target.accepted().contains(&port(8080)), "what isn't allowed any more is closed at once");
}
