//! What is to be done about one live object.

use serde_json::json;

use super::{
    LISTED, UID, child, child_of, disturbed, fake::Fake, judged, lines, push, reverse, set, shop, tolerated, unset,
    verdict,
};
use crate::{
    app::Enforcement,
    desired::LiveValues,
    plan::{Basis, Change, Live, Request, judge},
};

/// What another client does, and the verdict: change, drift.
type Case = (&'static str, &'static str, fn(&mut Fake), &'static str, &'static [&'static str]);

const CASES: &[Case] = &[
    ("an object as declared is kept", "Deployment", |_| {}, "keep", &[]),
    (
        "variables that were moved are put back, since $(NAME) refers only to those before it; no manager claims an order",
        "Deployment",
        |fake| fake.edit("k", |object| reverse(object, "/spec/template/spec/containers/0/env")),
        "apply",
        &["Changed spec.template.spec.containers[name=web].env [LOG_LEVEL, EMPTY] -> [EMPTY, LOG_LEVEL] by "],
    ),
    (
        "a variable that was added before the others is removed, and the others are where they were",
        "Deployment",
        |fake| {
            fake.edit("k", |object| {
                let env = object.pointer_mut("/spec/template/spec/containers/0/env").unwrap().as_array_mut().unwrap();
                env.insert(0, json!({ "name": "LD_PRELOAD", "value": "x" }));
            });
        },
        "remove /spec/template/spec/containers/0/env/0",
        &["Added spec.template.spec.containers[name=web].env[name=LD_PRELOAD] [] -> [hash] by k"],
    ),
    (
        "the order of volumes and mounts has no meaning",
        "Deployment",
        |fake| {
            fake.edit("k", |object| {
                reverse(object, "/spec/template/spec/volumes");
                reverse(object, "/spec/template/spec/containers/0/volumeMounts");
            });
        },
        "keep",
        &[],
    ),
    (
        "the order of a policy's rules, ports and types has no meaning",
        "NetworkPolicy",
        |fake| {
            fake.edit("k", |object| {
                reverse(object, "/spec/policyTypes");
                reverse(object, "/spec/egress/0/to");
                reverse(object, "/spec/egress/0/ports");
            });
        },
        "keep",
        &[],
    ),
    (
        "a rule that was put before the others is the only one that is reported",
        "NetworkPolicy",
        |fake| {
            fake.edit("k", |object| {
                object.pointer_mut("/spec/egress").unwrap().as_array_mut().unwrap().insert(0, json!({}));
            });
        },
        "apply",
        &["Added spec.egress[0] [] -> [{}] by k"],
    ),
    (
        "in a list of another order only what changed is reported",
        "NetworkPolicy",
        |fake| {
            fake.edit("k", |object| {
                reverse(object, "/spec/egress/0/ports");
                set(object, "/spec/egress/0/ports/0/port", json!(54));
            });
        },
        "apply",
        &["Changed spec.egress[0].ports[0].port [53] -> [54] by k"],
    ),
    (
        "a changed field is applied again and reported with both values",
        "Deployment",
        |fake| fake.edit("kubectl-edit", |object| set(object, "/spec/replicas", json!(7))),
        "apply",
        &["Changed spec.replicas [2] -> [7] by kubectl-edit"],
    ),
    (
        "a removed field is applied again, and no manager claims a removal",
        "Deployment",
        |fake| fake.edit("k", |object| unset(object, "/spec/template/spec/securityContext/runAsNonRoot")),
        "apply",
        &["Removed spec.template.spec.securityContext.runAsNonRoot [true] -> [] by "],
    ),
    (
        "a removed 'false' is applied again where the API's default is true",
        "Deployment",
        |fake| {
            fake.edit("k", |object| {
                unset(object, "/spec/template/spec/automountServiceAccountToken");
                unset(object, "/spec/template/spec/containers/0/securityContext/allowPrivilegeEscalation");
            });
        },
        "apply",
        &[
            "Removed spec.template.spec.automountServiceAccountToken [false] -> [] by ",
            "Removed spec.template.spec.containers[name=web].securityContext.allowPrivilegeEscalation [false] -> [] by ",
        ],
    ),
    (
        "an account that would hand out its token is applied again",
        "ServiceAccount",
        |fake| fake.edit("k", |object| unset(object, "/automountServiceAccountToken")),
        "apply",
        &["Removed automountServiceAccountToken [false] -> [] by "],
    ),
    (
        "a dangerous field is removed, whoever set it",
        "Deployment",
        |fake| fake.unclaimed(|object| set(object, "/spec/template/spec/hostAliases", json!([{ "ip": "10.0.0.1" }]))),
        "remove /spec/template/spec/hostAliases/0",
        &["Added spec.template.spec.hostAliases[ip=10.0.0.1] [] -> [hash] by "],
    ),
    (
        "host access that was switched on is switched off",
        "Deployment",
        |fake| fake.edit("k", |object| set(object, "/spec/template/spec/hostNetwork", json!(true))),
        "apply",
        &["Changed spec.template.spec.hostNetwork [false] -> [true] by k"],
    ),
    (
        "an added container is removed and identified by its dangerous leaves",
        "Deployment",
        |fake| {
            fake.edit("injector", |object| {
                push(
                    object,
                    "/spec/template/spec/containers",
                    json!({ "name": "miner", "image": "evil.io/miner:1", "securityContext": { "privileged": true } }),
                );
            });
        },
        "remove /spec/template/spec/containers/1",
        &[
            "Added spec.template.spec.containers[name=miner] [] -> [image=evil.io/miner:1, securityContext.privileged=true] by injector",
        ],
    ),
    (
        "an init container is removed and identified by its image",
        "Deployment",
        |fake| {
            fake.edit("k", |o| push(o, "/spec/template/spec/initContainers", json!({ "name": "i", "image": "e:1" })));
        },
        "remove /spec/template/spec/initContainers/0",
        &["Added spec.template.spec.initContainers[name=i] [] -> [image=e:1] by k"],
    ),
    (
        "an added volume, mount, variable and port are removed from the end",
        "Deployment",
        |fake| {
            fake.edit("k", |object| {
                let spec = "/spec/template/spec";
                push(object, &format!("{spec}/volumes"), json!({ "name": "root", "hostPath": { "path": "/" } }));
                push(
                    object,
                    &format!("{spec}/containers/0/volumeMounts"),
                    json!({ "name": "root", "mountPath": "/host" }),
                );
                push(
                    object,
                    &format!("{spec}/containers/0/env"),
                    json!({ "name": "LD_PRELOAD", "value": "/host/x.so" }),
                );
                push(
                    object,
                    &format!("{spec}/containers/0/ports"),
                    json!({ "containerPort": 22, "protocol": "TCP", "hostPort": 22 }),
                );
            });
        },
        "remove /spec/template/spec/volumes/2 /spec/template/spec/containers/0/volumeMounts/2 \
         /spec/template/spec/containers/0/env/2 /spec/template/spec/containers/0/ports/1",
        &[
            "Added spec.template.spec.containers[name=web].env[name=LD_PRELOAD] [] -> [hash] by k",
            "Added spec.template.spec.containers[name=web].ports[containerPort=22,protocol=TCP] [] -> [containerPort=22] by k",
            "Added spec.template.spec.containers[name=web].volumeMounts[mountPath=/host] [] -> [mountPath=/host] by k",
            "Added spec.template.spec.volumes[name=root] [] -> [hostPath.path=/] by k",
        ],
    ),
    (
        "a label of the template that another policy could select is removed",
        "Deployment",
        |fake| fake.edit("k", |object| set(object, "/spec/template/metadata/labels/app", json!("db"))),
        "remove /spec/template/metadata/labels/app",
        &["Added spec.template.metadata.labels.app [] -> [hash] by k"],
    ),
    (
        "an added rule in a policy is an apply, since its lists have one owner",
        "NetworkPolicy",
        |fake| fake.edit("k", |object| push(object, "/spec/ingress", json!({}))),
        "apply",
        &["Added spec.ingress[1] [] -> [{}] by k"],
    ),
    (
        "a widened peer is an apply",
        "NetworkPolicy",
        |fake| fake.edit("k", |object| set(object, "/spec/ingress/0/from/0/podSelector", json!({}))),
        "apply",
        &[
            r#"Removed spec.ingress[0].from[0].podSelector.matchLabels [{"hardened.dev/workload":"portal.web"}] -> [] by k"#,
        ],
    ),
    (
        "a Service that reaches outside is reported in every part",
        "Service",
        |fake| {
            fake.edit("k", |object| {
                set(object, "/spec/type", json!("NodePort"));
                set(object, "/spec/ports/0/nodePort", json!(30080));
                set(object, "/spec/externalIPs", json!(["192.0.2.1"]));
            });
        },
        "apply",
        &[
            "Added spec.ports[port=8080,protocol=TCP].nodePort [] -> [30080] by k",
            "Changed spec.type [ClusterIP] -> [NodePort] by k",
            r#"Added spec.externalIPs [] -> [["192.0.2.1"]] by k"#,
        ],
    ),
    (
        "what the API server and its controllers keep is tolerated",
        "Service",
        |fake| {
            fake.unclaimed(|object| {
                set(object, "/spec/clusterIP", json!("10.96.0.7"));
                set(object, "/spec/clusterIPs", json!(["10.96.0.7"]));
                set(object, "/spec/ipFamilies", json!(["IPv4"]));
                set(object, "/spec/ipFamilyPolicy", json!("SingleStack"));
                set(object, "/status", json!({ "loadBalancer": {} }));
                set(object, "/metadata/generation", json!(3));
            });
        },
        "keep",
        &[],
    ),
    (
        "a restart by kubectl, a controller's notes and finalizers are tolerated",
        "Deployment",
        |fake| {
            fake.edit("kubectl-rollout", |object| {
                set(object, "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt", json!("now"));
                set(object, "/metadata/annotations/deployment.kubernetes.io~1revision", json!("2"));
                set(object, "/metadata/finalizers", json!(["example.com/backup"]));
                set(object, "/spec/template/spec/serviceAccount", json!("shop-web"));
            });
        },
        "keep",
        &[],
    ),
    (
        "any other note in the template is removed: it would inject a sidecar",
        "Deployment",
        |fake| {
            fake.edit("k", |object| {
                set(
                    object,
                    "/spec/template/metadata/annotations",
                    json!({ "kubectl.kubernetes.io/restartedAt": "now" }),
                );
                set(object, "/spec/template/metadata/annotations/sidecar.istio.io~1inject", json!("true"));
            });
        },
        "remove /spec/template/metadata/annotations/sidecar.istio.io~1inject",
        &["Added spec.template.metadata.annotations[sidecar.istio.io/inject] [] -> [hash] by k"],
    ),
    (
        "what a foreign manager adds elsewhere is removed",
        "Deployment",
        |fake| fake.edit("k", |object| set(object, "/spec/paused", json!(true))),
        "remove /spec/paused",
        &["Added spec.paused [] -> [true] by k"],
    ),
    (
        "what no manager claims elsewhere is a finding and no write",
        "Deployment",
        |fake| fake.unclaimed(|object| set(object, "/spec/minReadySeconds", json!(0))),
        "keep",
        &[],
    ),
    (
        "members go before the apply, which could be invalid with them, and fields after it",
        "Service",
        |fake| {
            fake.edit("k", |object| {
                set(object, "/spec/sessionAffinity", json!("ClientIP"));
                set(object, "/spec/externalIPs", json!(["192.0.2.1"]));
                push(object, "/spec/ports", json!({ "name": "ssh", "port": 22, "protocol": "TCP" }));
            });
        },
        "remove /spec/ports/1",
        &[
            r#"Added spec.ports[port=22,protocol=TCP] [] -> [{"name":"ssh","port":22,"protocol":"TCP"}] by k"#,
            r#"Added spec.externalIPs [] -> [["192.0.2.1"]] by k"#,
            "Changed spec.sessionAffinity [None] -> [ClientIP] by k",
        ],
    ),
    (
        "a stripped label of ours is applied again",
        "PodDisruptionBudget",
        |fake| fake.edit("k", |object| unset(object, "/metadata/labels/app.kubernetes.io~1managed-by")),
        "apply",
        &["Removed metadata.labels[app.kubernetes.io/managed-by] [hash] -> [] by "],
    ),
    (
        "a forged hash doesn't pass a change off as an older version of ours",
        "Deployment",
        |fake| {
            fake.edit("k", |object| {
                set(object, "/metadata/annotations/hardened.dev~1applied-hash", json!("0000000000000000"));
                unset(object, "/spec/template/spec/securityContext/runAsNonRoot");
            });
        },
        "apply",
        &[
            "Removed spec.template.spec.securityContext.runAsNonRoot [true] -> [] by ",
            "Changed metadata.annotations[hardened.dev/applied-hash] [hash] -> [hash] by k",
        ],
    ),
    (
        "neither does a hash that was taken away",
        "Deployment",
        |fake| {
            fake.edit("k", |object| {
                unset(object, "/metadata/annotations");
                unset(object, "/spec/template/spec/securityContext/runAsNonRoot");
            });
        },
        "apply",
        &[
            "Removed spec.template.spec.securityContext.runAsNonRoot [true] -> [] by ",
            "Removed metadata.annotations [hash] -> [] by ",
        ],
    ),
    (
        "nor one in an object whose managers were wiped",
        "Deployment",
        |fake| {
            fake.edit("k", |object| {
                set(object, "/metadata/annotations/hardened.dev~1applied-hash", json!("0000000000000000"));
                set(object, "/spec/replicas", json!(7));
            });
            fake.forget_owners();
        },
        "apply",
        &[
            "Changed metadata.annotations[hardened.dev/applied-hash] [hash] -> [hash] by ",
            "Changed spec.replicas [2] -> [7] by ",
        ],
    ),
    (
        "an object of ours that lost its controller is left alone, and reported",
        "Deployment",
        |fake| fake.edit("k", |object| unset(object, "/metadata/ownerReferences")),
        "conflict none",
        &["Removed metadata.ownerReferences [] -> [] by "],
    ),
    (
        "an object of another controller is left alone, even if our app is an owner too",
        "Deployment",
        |fake| {
            fake.edit("k", |object| {
                set(object, "/metadata/ownerReferences/0/controller", json!(false));
            });
            fake.edit("k", |object| {
                let other = json!({ "kind": "HelmApp", "name": "shop", "uid": "other", "controller": true });
                push(object, "/metadata/ownerReferences", other);
            });
        },
        "conflict HelmApp shop",
        &[],
    ),
    (
        "an object that is being deleted is waited for",
        "Deployment",
        |fake| fake.unclaimed(|object| set(object, "/metadata/deletionTimestamp", json!("2026-07-01T12:00:00Z"))),
        "await deletion",
        &[],
    ),
    (
        "an object that is being deleted is still healed",
        "Deployment",
        |fake| {
            fake.edit("k", |object| set(object, "/spec/replicas", json!(7)));
            fake.unclaimed(|object| set(object, "/metadata/deletionTimestamp", json!("2026-07-01T12:00:00Z")));
        },
        "apply",
        &["Changed spec.replicas [2] -> [7] by k"],
    ),
];

#[test]
fn every_deviation_has_its_verdict() {
    let mut failures = Vec::new();
    for (it, kind, disturb, change, drift) in CASES {
        let child = child(kind);
        let verdict = judged(&child, &disturbed(&child, disturb));
        let found: Vec<String> = lines(&verdict).iter().map(|line| masked(line)).collect();
        if words(&verdict.change) != *change || found != *drift {
            failures.push(format!("{it}:\n  {}\n  {found:#?}", words(&verdict.change)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Replaces every hash by the word `hash`.
fn masked(line: &str) -> String {
    let mut parts = line.split("sha256:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| format!("{line}hash{}", part.get(16..).unwrap()))
}

fn words(change: &Change) -> String {
    match change {
        Change::Keep => "keep".to_owned(),
        Change::Send(Request::Create) => "create".to_owned(),
        Change::Send(Request::Apply) => "apply".to_owned(),
        Change::Send(Request::Replace) => "replace".to_owned(),
        Change::AwaitDeletion => "await deletion".to_owned(),
        Change::Conflict { holder } => format!("conflict {holder}"),
        Change::Send(Request::Correct(_)) => "correct".to_owned(),
        Change::Send(Request::Remove(patch)) => {
            let removals = patch.as_array().unwrap().iter().filter(|operation| operation["op"] == "remove");
            removals.fold("remove".to_owned(), |words, one| format!("{words} {}", one["path"].as_str().unwrap()))
        }
    }
}

#[test]
fn dangerous_drift_is_distinguished_from_other_drift() {
    let child = child("Deployment");
    let dangerous = |fake: &Fake| judged(&child, fake).is_dangerous();
    assert!(dangerous(&disturbed(&child, |fake| {
        fake.edit("k", |object| set(object, "/spec/template/spec/shareProcessNamespace", json!(true)));
    })));
    assert!(!dangerous(&disturbed(&child, |fake| fake.edit("k", |object| set(object, "/spec/replicas", json!(1))))));
}

#[test]
fn an_unclaimed_addition_is_a_finding_with_its_path() {
    let child = child("Deployment");
    let fake = disturbed(&child, |fake| fake.unclaimed(|object| set(object, "/spec/minReadySeconds", json!(5))));
    let verdict = judged(&child, &fake);
    assert_eq!(verdict.findings.len(), 1);
    assert_eq!(verdict.findings[0].component, "web");
    assert!(verdict.findings[0].message.contains("spec.minReadySeconds"), "{:?}", verdict.findings);
}

#[test]
fn dangerous_deviations_come_first() {
    let child = child("Deployment");
    let fake = disturbed(&child, |fake| {
        fake.edit("k", |object| {
            set(object, "/spec/minReadySeconds", json!(5));
            set(object, "/spec/replicas", json!(9));
            push(object, "/spec/template/spec/volumes", json!({ "name": "host", "hostPath": { "path": "/" } }));
        });
    });
    let verdict = judged(&child, &fake);
    let paths: Vec<&str> = verdict.drift.iter().map(|item| item.path.as_str()).collect();
    assert_eq!(paths, ["spec.template.spec.volumes[name=host]", "spec.replicas", "spec.minReadySeconds"]);
}

#[test]
fn tolerated_paths_allow_harmless_additions_only() {
    let child = child("Deployment");
    let allowed = vec![
        tolerated("Deployment", "spec.template.metadata.name"),
        tolerated("Deployment", "spec.template.spec.hostAliases"),
        tolerated("Deployment", "spec.replicas"),
        tolerated("Service", "spec.paused"),
        tolerated("Deployment", "spec.min"),
    ];
    let mut drift = Enforcement::default();
    drift.tolerated = allowed;
    let judged = |pointer: &'static str, value: serde_json::Value| {
        let fake = disturbed(&child, |fake| fake.edit("k", |object| set(object, pointer, value)));
        judge(&child, UID, &fake.live(), LISTED, &drift)
    };
    let granted = judged("/spec/template/metadata/name", json!("web"));
    assert_eq!((granted.change, granted.drift.len()), (Change::Keep, 0));
    // Judged again when the policy changes; what is tolerated everywhere isn't.
    assert!(granted.conditional);
    assert!(!judged("/metadata/annotations/note", json!("x")).conditional);
    // Dangerous, changed rather than added, of another kind, and with the same prefix only.
    assert_ne!(judged("/spec/template/spec/hostAliases", json!([{ "ip": "10.0.0.1" }])).change, Change::Keep);
    assert_eq!(judged("/spec/replicas", json!(7)).change, Change::Send(Request::Apply));
    assert_ne!(judged("/spec/paused", json!(true)).change, Change::Keep);
    assert_ne!(judged("/spec/minReadySeconds", json!(5)).change, Change::Keep);
}

#[test]
fn an_older_version_of_the_child_is_updated_without_drift() {
    let mut newer = shop();
    newer["components"][0]["image"] = json!("r.io/web:2");
    newer["components"][0]["env"] = json!([{ "name": "MODE", "value": "live" }]);
    newer["components"][0].as_object_mut().unwrap().remove("args");
    for kind in ["Deployment", "Service", "ServiceAccount"] {
        let (old, new) = (child(kind), child_of(newer.clone(), kind));
        let verdict = judged(&new, &disturbed(&old, |_| {}));
        assert_eq!(lines(&verdict), Vec::<String>::new());
        assert_eq!(verdict.change, if kind == "Deployment" { Change::Send(Request::Apply) } else { Change::Keep });
    }
}

#[test]
fn in_an_older_version_only_changes_by_other_managers_are_drift() {
    let mut newer = shop();
    newer["components"][0]["image"] = json!("r.io/web:2");
    let fake = disturbed(&child("Deployment"), |fake| {
        fake.edit("kubectl-scale", |object| set(object, "/spec/replicas", json!(9)));
    });
    let verdict = judged(&child_of(newer, "Deployment"), &fake);
    assert_eq!(verdict.change, Change::Send(Request::Apply));
    assert_eq!(lines(&verdict), ["Changed spec.replicas [2] -> [9] by kubectl-scale"]);
}

#[test]
fn once_verified_every_difference_is_drift() {
    let mut older = shop();
    older["components"][0]["replicas"] = json!(5);
    let live = disturbed(&child_of(older, "Deployment"), |_| {}).live();
    let child = child("Deployment");
    assert!(judge(&child, UID, &live, LISTED, &Enforcement::default()).drift.is_empty());
    let drift: Vec<String> = judge(&child, UID, &live, Basis { verified: true, ..LISTED }, &Enforcement::default())
        .drift
        .iter()
        .map(|item| item.path.clone())
        .collect();
    assert_eq!(drift, ["metadata.annotations[hardened.dev/applied-hash]", "spec.replicas"]);
}

#[test]
fn without_an_object_the_last_status_distinguishes_a_deletion_from_a_creation() {
    let child = child("Deployment");
    let judged = |live, listed| verdict(&child, live, listed, &Enforcement::default());
    let never_created = judged(Live::Absent, false);
    assert!(!never_created.is_dangerous());
    assert_eq!((never_created.change, never_created.drift.len()), (Change::Send(Request::Create), 0));
    let deleted = judged(Live::Absent, true);
    assert_eq!(
        (&deleted.change, lines(&deleted)),
        (&Change::Send(Request::Create), vec!["Deleted  [] -> [] by ".to_owned()])
    );
    assert_eq!(judged(Live::Verified { unowned: Vec::new() }, true).change, Change::Keep);
    let outdated = judged(Live::Outdated { uid: "1".to_owned(), version: 7, values: LiveValues::default() }, true);
    assert_eq!((outdated.change, outdated.drift.len()), (Change::Send(Request::Apply), 0));
}

#[test]
fn a_second_owner_is_removed_from_every_kind() {
    // It would keep the object alive after its app, without the app's NetworkPolicy.
    for kind in ["ServiceAccount", "NetworkPolicy", "Deployment", "Service", "PodDisruptionBudget"] {
        let child = child(kind);
        let second = json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": "keep", "uid": "9" });
        let mut fake = disturbed(&child, |fake| {
            fake.edit("k", |object| push(object, "/metadata/ownerReferences", second));
        });
        let verdict = judged(&child, &fake);
        assert!(verdict.is_dangerous(), "{kind}");
        let Change::Send(Request::Remove(patch)) = &verdict.change else { panic!("{kind}: {:?}", verdict.change) };
        fake.patch(patch).unwrap();
        assert_eq!(judged(&child, &fake).change, Change::Keep, "{kind}");
        assert_eq!(fake.live()["metadata"]["ownerReferences"].as_array().unwrap().len(), 1, "{kind}");
    }
}

#[test]
fn fields_that_change_what_a_container_may_do_are_removed_though_no_manager_claims_them() {
    let child = child("Deployment");
    for (field, value) in [
        ("containers/0/resources/limits/nvidia.com~1gpu", json!("8")),
        ("containers/0/resources/claims", json!([{ "name": "gpu" }])),
        ("containers/0/workingDir", json!("/srv")),
        ("containers/0/stdin", json!(true)),
        ("containers/0/stdinOnce", json!(true)),
        ("containers/0/tty", json!(true)),
        ("containers/0/restartPolicy", json!("Never")),
        ("containers/0/restartPolicyRules", json!([{ "action": "Restart" }])),
        ("resources", json!({ "limits": { "cpu": "64" } })),
        ("resourceClaims", json!([{ "name": "gpu", "resourceClaimName": "gpu" }])),
        ("overhead", json!({ "cpu": "1" })),
        ("setHostnameAsFQDN", json!(true)),
        ("subdomain", json!("mine")),
        ("schedulingGroup", json!({ "podGroupName": "x" })),
        ("evictionResponders", json!([{ "name": "x" }])),
        ("priority", json!(1_000_000)),
        ("preemptionPolicy", json!("Never")),
        ("activeDeadlineSeconds", json!(5)),
    ] {
        let fake = disturbed(&child, |fake| {
            fake.unclaimed(|object| set(object, &format!("/spec/template/spec/{field}"), value));
        });
        let verdict = judged(&child, &fake);
        assert!(matches!(verdict.change, Change::Send(_)) && verdict.is_dangerous(), "{field}: {:?}", verdict.change);
    }
}

#[test]
fn many_additions_are_no_less_dangerous_than_one() {
    let many = |kind: &str, edit: fn(&mut serde_json::Value, u8)| {
        let child = child(kind);
        let fake = disturbed(&child, |fake| fake.edit("k", |object| (0..150).for_each(|number| edit(object, number))));
        judged(&child, &fake).is_dangerous()
    };
    assert!(many("Deployment", |object, number| {
        let owner = json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": "keep", "uid": number.to_string() });
        push(object, "/metadata/ownerReferences", owner);
    }));
    assert!(many("Service", |object, number| set(object, &format!("/metadata/annotations/x{number}"), json!("x"))));
    assert!(many("Service", |object, number| set(object, &format!("/metadata/labels/x{number}"), json!("x"))));
    assert!(!many("Deployment", |object, number| set(object, &format!("/metadata/labels/x{number}"), json!("x"))));
}

#[test]
fn annotations_that_command_other_controllers_are_removed_unless_the_policy_tolerates_them() {
    for (kind, annotation) in
        [("Service", "external-dns.alpha.kubernetes.io/hostname"), ("ServiceAccount", "eks.amazonaws.com/role-arn")]
    {
        let child = child(kind);
        let field = annotation.replace('/', "~1");
        let edit = |fake: &mut Fake| {
            fake.edit("operator", |object| set(object, &format!("/metadata/annotations/{field}"), json!("x")));
        };
        let fake = disturbed(&child, edit);
        let verdict = judged(&child, &fake);
        assert!(matches!(verdict.change, Change::Send(Request::Remove(_))) && verdict.is_dangerous(), "{kind}");
        // Also where no manager claims it.
        let unclaimed = disturbed(&child, |fake| {
            fake.unclaimed(|object| set(object, &format!("/metadata/annotations/{field}"), json!("x")));
        });
        assert!(matches!(judged(&child, &unclaimed).change, Change::Send(Request::Remove(_))), "{kind}");
        let mut enforcement = Enforcement::default();
        enforcement.tolerated = vec![tolerated(kind, &format!("metadata.annotations[{annotation}]"))];
        let granted = judge(&child, UID, &fake.live(), LISTED, &enforcement);
        assert_eq!((granted.change, granted.conditional), (Change::Keep, true), "{kind}");
    }
    let restarted = disturbed(&child("Service"), |fake| {
        fake.edit("k", |object| set(object, "/metadata/annotations/kubectl.kubernetes.io~1x", json!("y")));
    });
    assert_eq!(judged(&child("Service"), &restarted).change, Change::Keep);
}

#[test]
fn the_finding_about_an_unclaimed_addition_ends_when_the_policy_tolerates_it() {
    let child = child("Deployment");
    let live = || Live::Verified { unowned: vec!["spec.minReadySeconds".to_owned()] };
    assert_eq!(verdict(&child, live(), true, &Enforcement::default()).findings.len(), 1);
    let mut enforcement = Enforcement::default();
    enforcement.tolerated = vec![tolerated("Deployment", "spec.minReadySeconds")];
    assert_eq!(verdict(&child, live(), true, &enforcement).findings, []);
}

#[test]
fn an_older_version_with_another_order_is_an_update_and_no_drift() {
    let older = child("Deployment");
    let mut spec = shop();
    spec["components"][0]["env"].as_array_mut().unwrap().reverse();
    let newer = child_of(spec, "Deployment");
    let mut fake = disturbed(&older, |_| {});
    let verdict = judged(&newer, &fake);
    assert_eq!((words(&verdict.change), verdict.is_update, lines(&verdict)), ("apply".to_owned(), true, Vec::new()));
    fake.apply(&newer);
    assert_eq!(words(&judged(&newer, &fake).change), "keep");
}

#[test]
fn rules_of_another_order_are_equal_though_lists_within_them_are_of_another_order_too() {
    let mut spec = shop();
    spec["components"][0]["egress"] = json!([{ "cidr": "0.0.0.0/0", "ports": [443, 8443] }]);
    let child = child_of(spec, "NetworkPolicy");
    let moved = |object: &mut serde_json::Value| {
        reverse(object, "/spec/egress/1/to/0/ipBlock/except");
        reverse(object, "/spec/egress/1/ports");
        reverse(object, "/spec/egress");
    };
    assert_eq!(words(&judged(&child, &disturbed(&child, |fake| fake.edit("k", moved))).change), "keep");
    let opened = disturbed(&child, |fake| {
        fake.edit("k", |object| {
            moved(object);
            push(object, "/spec/egress/0/to", json!({ "podSelector": {} }));
        });
    });
    assert_eq!(lines(&judged(&child, &opened)), ["Added spec.egress[0].to[1] [] -> [{\"podSelector\":{}}] by k"]);
}

#[test]
fn a_correction_restores_an_order_too() {
    let child = child("Deployment");
    let env = "/spec/template/spec/containers/0/env";
    let fake = disturbed(&child, |fake| fake.edit("k", |object| reverse(object, env)));
    let mut live = fake.live();
    let patch = judged(&child, &fake).correction.unwrap();
    json_patch::patch(&mut live, &serde_json::from_value::<json_patch::Patch>(patch).unwrap()).unwrap();
    assert_eq!(live.pointer(env), child.body.pointer(env));
}
