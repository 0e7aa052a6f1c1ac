//! Which packets pass: between the components of the samples, to and from other pods, and to addresses outside of the cluster.

use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use e2e::Namespace;
use e2e::node::{ADDRESS, packets, world};
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::Api;
use kube::api::ListParams;

use crate::names;
use crate::place::{MARK, Place, RESTRICTED};
use crate::pod;
use crate::predicted::{Ends, STANDING};
use crate::reach::{Cell, Field};
use crate::samples::{LARGEST, SMALLEST, create_largest};

/// A port on which `api` listens without declaring it.
const UNDECLARED: u16 = 8081;

/// What is tried from everywhere. At each address and port something listens.
const TARGETS: [(&str, u16); 17] = [
    ("web", 8080),
    ("api", 9090),
    ("api", UNDECLARED),
    ("service api", 9090),
    ("hello", 8080),
    ("neighbour", 8080),
    ("portal", 8080),
    ("stranger", 8080),
    ("dns", 53),
    ("dns", 8181),
    ("metadata", 80),
    ("metadata", 443),
    ("internet 203", 80),
    ("internet 203", 443),
    ("internet 198", 443),
    ("service kubernetes", 443),
    ("node", 6443),
];

/// Pods without a policy: they may connect to everything that has none either.
const FREE: [&str; 3] = ["neighbour", "portal", "stranger"];

/// What has a policy, as a target.
const GUARDED: [&str; 4] = ["web", "api", "service api", "hello"];

/// What the samples declare, and DNS for every component.
const DECLARED: [(&str, &str, u16); 10] = [
    ("web", "api", 9090),
    ("web", "service api", 9090),
    ("web", "internet 203", 443),
    ("web", "dns", 53),
    // To every address outside of the cluster: neither the API server nor the metadata service is among them.
    ("api", "internet 203", 443),
    ("api", "internet 198", 443),
    ("api", "dns", 53),
    ("worker", "dns", 53),
    ("hello", "dns", 53),
    ("portal", "web", 8080),
];

const SOURCES: [&str; 8] = ["web", "api", "worker", "hello", "neighbour", "portal", "stranger", "node"];

/// The node may connect to every pod, whatever the policies are: so its row shows that something listens everywhere.
fn expected() -> Vec<Cell> {
    let is_allowed = |from, to, port| {
        from == "node" || DECLARED.contains(&(from, to, port)) || FREE.contains(&from) && !GUARDED.contains(&to)
    };
    let mut cells = Vec::new();
    for from in SOURCES {
        for (to, port) in TARGETS {
            // What a pod sends to itself doesn't leave it.
            if to.trim_start_matches("service ") != from {
                let (allowed, protocol) = (is_allowed(from, to, port), "TCP".to_owned());
                cells.push(Cell { from: from.to_owned(), to: to.to_owned(), port, protocol, allowed });
            }
        }
    }
    cells
}

/// Both samples, three pods that no app owns, and what is outside.
struct Scene {
    place: Place,
    /// The namespace of the pods `portal` and `stranger`.
    elsewhere: Namespace,
    field: Field,
}

impl Scene {
    async fn create() -> Result<Self> {
        let place = Place::restricted("packets").await?;
        let elsewhere = Namespace::labelled(&place.client, "elsewhere", &[MARK, RESTRICTED]).await?;
        let hello = place.app(SMALLEST).await?;
        let shop = create_largest(&place, &adapted(elsewhere.name())?).await?;
        let mut field = Field::default();
        let others = place.api::<Pod>();
        field.add("neighbour", &pod::create(&others, pod::guest("neighbour", ("app", "neighbour"), 8080)?).await?)?;
        let others = elsewhere.api::<Pod>();
        field.add("stranger", &pod::create(&others, pod::guest("stranger", ("app", "stranger"), 8080)?).await?)?;
        field.add(
            "portal",
            &pod::create(&others, pod::guest("portal", ("hardened.dev/workload", "portal.web"), 8080)?).await?,
        )?;
        place.ready(&hello).await?;
        place.ready(&shop).await?;
        for (name, workload) in
            [("web", "shop.web"), ("api", "shop.api"), ("worker", "shop.worker"), ("hello", "hello.web")]
        {
            let pods = place.pods(workload).await?;
            field.add(name, pods.first().context("a component without a pod")?)?;
        }
        let scene = Self { place, elsewhere, field };
        scene.with_surroundings().await
    }

    async fn with_surroundings(mut self) -> Result<Self> {
        let system: Api<Pod> = Api::namespaced(self.place.client.clone(), "kube-system");
        let dns = system.list(&ListParams::default().labels("k8s-app=kube-dns")).await?;
        let dns = pod::address(dns.items.first().context("no DNS server")?)?;
        let service: Service = self.place.api().get("shop-api").await?;
        let service = service.spec.and_then(|spec| spec.cluster_ip).context("a Service without an address")?;
        let [near, far, _] = world::INTERNET;
        self.field.sources.insert("node".to_owned(), "/proc/self".into());
        self.field.targets.extend([
            ("dns".to_owned(), dns),
            ("service api".to_owned(), service.parse()?),
            ("metadata".to_owned(), world::METADATA.parse()?),
            ("internet 203".to_owned(), near.parse()?),
            ("internet 198".to_owned(), far.parse()?),
            ("service kubernetes".to_owned(), "10.0.0.1".parse()?),
            ("node".to_owned(), ADDRESS.into()),
        ]);
        Ok(self)
    }

    fn process(&self, source: &str) -> Result<&Path> {
        Ok(self.field.sources.get(source).context("no such source")?)
    }
}

/// The ends of both samples, by their names in the predictions.
fn ends(elsewhere: &str) -> Ends {
    let portal = format!("pods hardened.dev/workload=portal.web of namespace {elsewhere}");
    let pods = [
        ("demo/shop-web", "web"),
        ("demo/shop-api", "api"),
        ("demo/shop-worker", "worker"),
        ("demo/hello-web", "hello"),
        ("other pods in demo", "neighbour"),
        ("pods of other namespaces", "stranger"),
        (&portal, "portal"),
    ];
    let internet = ("Internet 198.51.100.1", "internet 198", 443);
    Ends {
        pods: pods.map(|(predicted, name)| (predicted.to_owned(), name)).into(),
        ports: &[53, 443, 8080, 9090],
        others: STANDING.into_iter().chain([internet]).collect(),
    }
}

/// The sample with one pod for `web`, as there are CPUs for no more, and with a client in a namespace of this test.
fn adapted(elsewhere: &str) -> Result<String> {
    let mut sample = LARGEST.to_owned();
    for (old, new) in
        [("replicas: 3", "replicas: 1".to_owned()), ("namespace: team-b", format!("namespace: {elsewhere}"))]
    {
        ensure!(sample.contains(old), "the sample has no {old}");
        sample = sample.replace(old, &new);
    }
    Ok(sample)
}

#[tokio::test]
async fn only_declared_connections_pass() -> Result<()> {
    let scene = Scene::create().await?;
    let _listener = packets::listen(scene.process("api")?, UNDECLARED).await?;
    scene.field.agrees(&expected()).await?;
    // Also the many connections that the table above leaves out.
    let ends = ends(scene.elsewhere.name());
    let _listeners = ends.listen(&scene.field).await?;
    let shop = adapted(scene.elsewhere.name())?;
    scene.field.agrees(&ends.cells(&[SMALLEST, &shop].join("---\n"))?).await?;

    let name = format!("shop-api.{}.svc.cluster.local", scene.place.name());
    for component in ["web", "api", "worker", "hello"] {
        let address = names::resolve(scene.process(component)?, &name).await?;
        assert_eq!(scene.field.targets.get("service api"), Some(&IpAddr::from(address)), "as {component} resolves it");
    }
    Ok(())
}
