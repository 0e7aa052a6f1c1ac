//! Tests of the command: the samples, and objects that don't come from a HardenedApp.

use std::{fs, path::PathBuf};

use serde_json::Value;

use super::{Output, Reach, reach};

fn sample(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "deploy/samples", name].iter().collect()
}

/// What the command prints, on standard output and on standard error.
fn printed(arguments: &Reach) -> anyhow::Result<(String, String)> {
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    reach(arguments, &mut out, &mut notes)?;
    Ok((String::from_utf8(out)?, String::from_utf8(notes)?))
}

fn arguments(files: Vec<PathBuf>) -> Reach {
    Reach { files, policy: None, addresses: Vec::new(), output: Output::Table }
}

/// Runs the command on these objects; the file is called `given.yaml`.
fn of_objects(test: &str, objects: &str, change: impl Fn(&mut Reach)) -> anyhow::Result<(String, String)> {
    let folder = std::env::temp_dir().join(format!("hardened-app-reach-{test}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("given.yaml");
    fs::write(&file, objects).unwrap();
    let mut arguments = arguments(vec![file]);
    change(&mut arguments);
    let printed = printed(&arguments);
    fs::remove_dir_all(folder).unwrap();
    printed
}

/// The allowed connections, as `from > to port`.
fn allowed(json: &str) -> Vec<String> {
    let cells: Vec<Value> = serde_json::from_str(json).unwrap();
    let text = |cell: &Value, field: &str| cell[field].as_str().unwrap().to_owned();
    let allowed = cells.iter().filter(|cell| cell["allowed"] == true);
    allowed
        .map(|cell| {
            format!("{} > {} {}/{}", text(cell, "from"), text(cell, "to"), cell["port"], text(cell, "protocol"))
        })
        .collect()
}

/// The golden files are what `hardened-app reach -f deploy/samples/<name>.yaml` prints, with `-o json` for the JSON file and with
/// `--policy` for the sample of a policy. An intended change is written by these commands.
#[test]
fn the_samples_reach_what_they_declare_and_nothing_else() {
    let golden = [
        ("smallest", include_str!("golden/smallest.txt"), Output::Table),
        ("smallest", include_str!("golden/smallest.json"), Output::Json),
        ("largest", include_str!("golden/largest.txt"), Output::Table),
        ("databases", include_str!("golden/databases.txt"), Output::Table),
        ("policy", include_str!("golden/policy.txt"), Output::Table),
    ];
    for (name, expected, output) in golden {
        let file = sample(&format!("{name}.yaml"));
        let policy = (name == "policy").then(|| file.clone());
        let (out, notes) = printed(&Reach { policy, output, ..arguments(vec![file]) }).unwrap();
        assert_eq!((out.as_str(), notes.as_str()), (expected, ""), "{name}");
    }
}

/// An app with a database of these pods, to which its component connects.
fn app(name: &str, labels: &str) -> String {
    let web = "{name: web, image: 'r.io/web:1', connectsTo: [db]}";
    let db = format!("{{name: db, engine: postgres, pods: {{matchLabels: {{{labels}}}}}}}");
    format!(
        "{{apiVersion: hardened.dev/v1alpha1, kind: HardenedApp, metadata: {{name: {name}, namespace: shop}}, spec: {{components: [{web}], databases: [{db}]}}}}\n"
    )
}

#[test]
fn pods_that_several_apps_name_have_the_policy_of_the_first() {
    let apps = [app("first", "cluster: pg"), app("second", "cluster: pg"), app("third", "cluster: other")];
    let (out, notes) = of_objects("claims", &apps.join("---\n"), |arguments| arguments.output = Output::Json).unwrap();
    let database = "pods cluster=pg of namespace shop 5432/TCP";
    let found = allowed(&out);
    assert!(found.contains(&format!("shop/first-web > {database}")), "{found:?}");
    assert!(!found.contains(&format!("shop/second-web > {database}")), "{found:?}");
    assert_eq!(
        notes,
        "note: shop/second makes no policy for its database db: the pods belong to app first, which is given first\n"
    );
}

#[test]
fn ports_that_pods_do_not_declare_are_asked_too() {
    let objects = "
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}}, spec: {containers: [{name: db}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}, spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 9000}]}]}
";
    let (out, _) = of_objects("undeclared", objects, |arguments| arguments.output = Output::Json).unwrap();
    let found = allowed(&out);
    assert!(found.contains(&"shop/web > shop/db 5432/TCP".to_owned()), "{found:?}");
    assert!(found.contains(&"shop/db > shop/web 9000/TCP".to_owned()), "{found:?}");
    assert!(!found.contains(&"shop/db > shop/web 8080/TCP".to_owned()), "{found:?}");
}

#[test]
fn what_leads_to_pods_from_outside_is_noted() {
    let objects = "
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, spec: {containers: [{name: web}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: open, namespace: shop}, spec: {type: NodePort, ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: inside, namespace: shop}, spec: {ports: [{port: 80}]}}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web, namespace: shop}}
";
    let (_, notes) = of_objects("leads", objects, |_| {}).unwrap();
    let why = "only NetworkPolicies are, not what leads to pods from outside";
    assert_eq!(notes, format!("not judged: Ingress shop/web: {why}\nnot judged: Service shop/open: {why}\n"));
}

#[test]
fn files_with_nothing_to_judge_are_refused() {
    let objects = "{apiVersion: v1, kind: ConfigMap, metadata: {name: unused, namespace: shop}}";
    let error = of_objects("nothing", objects, |_| {}).unwrap_err().to_string();
    assert!(error.starts_with("the files have neither a NetworkPolicy nor anything with pods"), "{error}");
}

#[test]
fn an_app_that_is_given_twice_is_named() {
    let error = of_objects("app-twice", &[app("one", "a: b"), app("one", "a: c")].join("---\n"), |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "HardenedApp shop/one is given twice: leave one out");
}

#[test]
fn every_file_that_cannot_be_read_is_named() {
    let folder = std::env::temp_dir().join(format!("hardened-app-reach-files-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let files = ["a.yaml", "b.yaml", "c.yaml", "d.yaml"].map(|name| folder.join(name));
    for (file, text) in files.iter().zip(["}", "{apiVersion: v1, kind: Pod, metadata: {name: fine}}", "]"]) {
        fs::write(file, text).unwrap();
    }
    let words = format!("{:#}", printed(&arguments(files.to_vec())).unwrap_err());
    fs::remove_dir_all(folder).unwrap();
    for name in ["a.yaml", "c.yaml", "d.yaml"] {
        assert!(words.contains(name), "{name}: {words}");
    }
}

const OBJECTS: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: web, ports: [{name: http, containerPort: 8080}]}]
  initContainers:
  - {name: migrate, ports: [{name: once, containerPort: 1}]}
  - {name: proxy, restartPolicy: Always, ports: [{containerPort: 9000, protocol: UDP}]}
status: {podIPs: [{ip: 10.0.0.7}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: shop}
spec: {jobTemplate: {spec: {template: {metadata: {labels: {app: report}}, spec: {containers: [{name: report}]}}}}}
---
{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent, namespace: shop}, spec: {template: {spec: {hostNetwork: true, containers: []}}}}
---
{apiVersion: crd.projectcalico.org/v1, kind: NetworkPolicy, metadata: {name: other, namespace: shop}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: unused, namespace: shop}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {policyTypes: [Ingress, Egress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - {from: [{namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}, podSelector: {matchLabels: {app: portal}}}], ports: [{port: http}]}
  - {from: [{ipBlock: {cidr: 198.51.100.0/24, except: [198.51.100.0/25]}}], ports: [{port: 9000, protocol: UDP}]}
  egress:
  - {to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 6443}]}
  - {to: [{podSelector: {matchLabels: {app: cache}}}], ports: [{port: redis}]}
  - {to: [{podSelector: {matchLabels: {app: gone}, matchExpressions: [{key: app, operator: DoesNotExist}]}}]}
";

#[test]
fn workloads_of_any_kind_are_judged_by_any_network_policies() {
    let (out, notes) = of_objects("objects", OBJECTS, |arguments| {
        arguments.addresses = vec!["api=10.0.0.1:6443".parse().unwrap(), "node=[fd00::1]:10250".parse().unwrap()];
        arguments.output = Output::Json;
    })
    .unwrap();
    assert_eq!(
        allowed(&out),
        [
            "shop/web > api 6443/TCP",
            "pods app=portal of namespaces team= > shop/web 8080/TCP",
            "addresses 198.51.100.0/24 > shop/web 9000/UDP",
        ]
        .map(str::to_owned)
    );
    for note in [
        "not judged: DaemonSet shop/agent: its pods use their node's network, where no NetworkPolicy holds\n",
        "not judged: NetworkPolicy shop/other of crd.projectcalico.org: another policy API\n",
        "not judged: port redis/TCP in the egress of shop/web: no workload declares a port of this name\n",
        "not judged: pods that shop/web names: pods app=gone,!app\n",
    ] {
        assert!(notes.contains(note), "{notes}");
    }
    assert_eq!(notes.lines().count(), 4, "{notes}");
}

#[test]
fn forbidden_connections_are_listed_with_the_policies_that_forbid_them() {
    let (out, _) = of_objects("forbidden", OBJECTS, |arguments| arguments.output = Output::Json).unwrap();
    let cells: Vec<Value> = serde_json::from_str(&out).unwrap();
    let find = |from: &str, to: &str| cells.iter().find(|cell| cell["from"] == from && cell["to"] == to).unwrap();
    let closed = find("shop/report", "shop/web");
    assert_eq!((&closed["allowed"], &closed["port"]), (&Value::from(false), &Value::from(8080)));
    assert_eq!(closed["egress"], serde_json::json!(["deny"]));
    assert_eq!(closed["ingress"], serde_json::json!(["deny", "web"]));
    assert_eq!(find("shop/web", "shop/report")["port"], 6443, "asked are the ports that policies name");
    for end in ["other pods in shop", "pods of other namespaces", "cloud metadata 169.254.169.254"] {
        assert_eq!(find("shop/report", end)["allowed"], false);
    }
}

#[test]
fn without_policies_all_is_open_and_said_to_be() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: []}}";
    let (out, _) = of_objects("open", pod, |_| {}).unwrap();
    let row = "default/web other pods in default 8080/TCP no policy selects them";
    assert!(out.lines().any(|line| line.split_whitespace().eq(row.split_whitespace())), "{out}");
    assert!(out.ends_with("\nNothing is closed: all 17 connections between these ends are allowed.\n"), "{out}");
}

#[test]
fn two_kinds_of_one_name_are_told_apart() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: []}}";
    let set =
        "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web}, spec: {template: {spec: {containers: []}}}}";
    let (out, _) = of_objects("two-kinds", &format!("{pod}\n---\n{set}"), |_| {}).unwrap();
    assert!(out.contains("default/web (Pod)") && out.contains("default/web (StatefulSet)"), "{out}");
}

#[test]
fn an_object_that_cannot_be_read_is_named_with_its_file_and_field() {
    let policy = |spec: &str| {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: odd, namespace: shop}}, spec: {spec}}}"
        )
    };
    let twice = format!("{}\n---\n{}", policy("{}"), policy("{}"));
    for (name, text, words) in [
        (
            "operator",
            policy("{podSelector: {matchExpressions: [{key: a, operator: Like}]}}"),
            "spec.podSelector.matchExpressions[0].operator: 'Like' is not one of",
        ),
        ("field", policy("{podSelektor: {}}"), "spec: unknown field `podSelektor`"),
        ("twice", twice, "NetworkPolicy shop/odd is given twice"),
        (
            "template",
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: odd}, spec: {template: {spec: {containers: 1}}}}"
                .to_owned(),
            "Deployment default/odd: spec.template: not a pod template",
        ),
        (
            "labels",
            "{apiVersion: v1, kind: Namespace, metadata: {name: odd, labels: {a: 1}}}".to_owned(),
            "Namespace default/odd: metadata.labels: ",
        ),
        (
            "app",
            "{apiVersion: hardened.dev/v1alpha1, kind: HardenedApp, metadata: {name: odd}, spec: {component: []}}"
                .to_owned(),
            "HardenedApp odd is refused",
        ),
    ] {
        let error = format!("{:#}", of_objects(name, &text, |_| {}).unwrap_err());
        assert!(error.contains("given.yaml: ") && error.contains(words), "{name}: {error}");
    }
}

#[test]
fn an_address_has_a_name_and_a_port() {
    for text in
        ["10.0.0.1:443", "=10.0.0.1:443", "api=10.0.0.1", "api=10.0.0.1:0", "api=fd00::1:443:", "api=example.com:443"]
    {
        assert!(text.parse::<super::Address>().unwrap_err().contains("write NAME=IP:PORT"), "{text}");
    }
    assert_eq!("api=[fd00::1]:443".parse::<super::Address>().unwrap().ip.to_string(), "fd00::1");
}
