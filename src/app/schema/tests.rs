//! Specs of both kinds that don't fit their schema, at any depth. The end-to-end table of bad input shows that the API
//! server agrees.

use serde_json::json;

use super::*;

fn form(kind: &str, spec: &Value) -> Vec<String> {
    malformed(kind, spec).iter().map(Rejection::to_string).collect()
}

fn beyond(kind: &str, spec: &Value) -> Vec<String> {
    let mut review = Review::default();
    bounds(kind, spec, &mut review);
    review.into_findings().err().unwrap_or_default().iter().map(Rejection::to_string).collect()
}

#[test]
fn the_samples_fit_the_schema() {
    for sample in
        [include_str!("../../../deploy/samples/smallest.yaml"), include_str!("../../../deploy/samples/largest.yaml")]
    {
        let app: Value = serde_saphyr::from_str(sample).unwrap();
        assert_eq!(form("HardenedApp", &app["spec"]), [""; 0]);
        assert_eq!(beyond("HardenedApp", &app["spec"]), [""; 0]);
    }
}

#[test]
fn fields_that_cannot_be_read_are_reported() {
    let spec =
        json!({ "components": [{ "name": "web", "image": "r.io/web:1", "ports": [{ "name": "http", "prot": 1 }] }] });
    assert_eq!(
        form("HardenedApp", &spec),
        [
            "spec.components[web].ports[http].port: it is missing; add it",
            "spec.components[web].ports[http].prot: unknown field; correct its spelling, or remove it",
        ]
    );
    assert_eq!(form("HardenedApp", &json!("none")), ["spec: not a map of fields; write each field as 'name: value'"]);
    let policy = json!({ "images": { "requireDigest": "yes" }, "drift": { "toleratedPaths": null } });
    assert_eq!(
        form("HardeningPolicy", &policy),
        ["spec.images.requireDigest: neither true nor false; write true or false without quotes"]
    );
}

#[test]
fn values_beyond_a_bound_are_reported() {
    let web = json!({ "name": "web", "image": "", "secrets": ["a", "a"], "user": 1_i64 << 40 });
    assert_eq!(
        beyond("HardenedApp", &json!({ "components": [web] })),
        [
            "spec.components[web].image: 0 characters; give at least 1",
            "spec.components[web].secrets[a]: it is listed twice; remove one",
            "spec.components[web].user: 1099511627776 is too large; give at most 2147483647",
        ]
    );
    assert_eq!(
        beyond("HardeningPolicy", &json!({ "network": { "dns": { "ports": [0, 1, 2, 3, 4] } } })),
        [
            "spec.network.dns.ports: 5 members, where at most 4 are allowed; remove some",
            "spec.network.dns.ports[0]: 0 is too small; give at least 1",
        ]
    );
}

#[test]
fn a_field_that_another_rule_rejects_is_not_reported_twice() {
    let mut review = Review::default();
    review.reject("spec.components[web].image", "no tag", "append one");
    bounds("HardenedApp", &json!({ "components": [{ "name": "web", "image": "" }] }), &mut review);
    assert_eq!(review.into_findings().unwrap_err().len(), 1);
}

#[test]
fn a_spec_that_is_too_long_as_a_whole_is_rejected() {
    let env: Vec<Value> = (0..100).map(|n| json!({ "name": format!("V{n}"), "value": "x".repeat(4000) })).collect();
    let words = beyond("HardenedApp", &json!({ "components": [{ "name": "web", "image": "r.io/web:1", "env": env }] }));
    assert_eq!(
        words,
        ["spec: it has 394 KiB, where at most 128 are allowed; mount what is large as a ConfigMap (config)"]
    );
}
