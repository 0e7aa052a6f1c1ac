//! Whether a live object was applied as it is declared now.

use serde_json::{Value, json};

use crate::{
    desired::APPLIED_HASH,
    fixtures::child,
    plan::{Live, is_applied},
};

#[test]
fn what_others_change_does_not_make_it_another_version() {
    let child = child("Deployment");
    let is_applied_with = |change: fn(&mut Value)| {
        let mut object = child.body.clone();
        change(&mut object);
        is_applied(&child, &Live::Object { uid: "1".to_owned(), object, verified: false })
    };
    assert!(is_applied_with(|_| ()));
    assert!(is_applied_with(|live| live["spec"]["template"]["spec"]["hostNetwork"] = json!(true)));
    assert!(!is_applied_with(|live| live["metadata"]["annotations"][APPLIED_HASH] = json!("another")));
    assert!(!is_applied(&child, &Live::Absent));
    assert!(is_applied(&child, &Live::Verified { unowned: Vec::new() }));
}
