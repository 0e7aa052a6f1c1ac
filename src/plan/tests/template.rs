//! Whether live pods are those that are declared.

use serde_json::json;

use crate::{
    fixtures::child,
    plan::{Live, has_template},
};

#[test]
fn only_the_template_decides_whether_pods_are_those_that_are_declared() {
    let child = child("Deployment");
    let has = |change: fn(&mut serde_json::Value)| {
        let mut object = child.body.clone();
        change(&mut object["spec"]);
        has_template(&child, &Live::Object { uid: "1".to_owned(), object, verified: false })
    };
    assert!(has(|_| ()));
    assert!(has(|spec| spec["replicas"] = json!(7)));
    assert!(!has(|spec| spec["template"]["spec"]["containers"][0]["image"] = json!("r.io/web:0")));
    assert!(!has(|spec| spec["template"]["metadata"]["labels"]["app.kubernetes.io/part-of"] = json!("other")));
    assert!(!has_template(&child, &Live::Absent));
    assert!(has_template(&child, &Live::Verified { unowned: Vec::new() }));
}
