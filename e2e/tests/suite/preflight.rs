//! `hardened-app preflight` as a process: its exit codes, what it prints, and that no value of a Secret is in it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::Output;

use anyhow::{Context, Result};
use hardened_app::preflight::{CHECKS, Report};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;

const PLANTED: &str = "hunter2-hunter2-hunter2";

/// Runs the program with these checks, and with values for `KEY_0`, `KEY_1` and so on.
async fn run(checks: &str, values: &[OsString], report: &Path) -> Result<Output> {
    let mut command = Command::from(e2e::operator::program()?);
    command.arg("preflight").arg("--report").arg(report).env(CHECKS, checks);
    for (index, value) in values.iter().enumerate() {
        command.env(format!("KEY_{index}"), value);
    }
    Ok(command.output().await?)
}

fn checks(rules: &[Value], port: u16) -> String {
    let key = |(index, rules): (usize, &Value)| {
        let mut key = json!({ "secret": "shop-env", "key": format!("K{index}"), "variable": format!("KEY_{index}") });
        if let (Some(key), Some(rules)) = (key.as_object_mut(), rules.as_object()) {
            key.extend(rules.clone());
        }
        key
    };
    let keys: Vec<Value> = rules.iter().enumerate().map(key).collect();
    let database = json!({ "name": "db", "engine": "other", "hosts": ["127.0.0.1"], "port": port });
    json!({ "keys": keys, "databases": [database], "denied": false }).to_string()
}

#[tokio::test]
async fn the_process_ends_with_0_1_or_2_and_tells_no_value() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("hardened-app-preflight-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let report = folder.join("report");
    let database = TcpListener::bind("127.0.0.1:0").await?;
    let port = database.local_addr()?.port();
    let rules = [json!({ "format": "url" }), json!({ "pattern": "^(live|test)$", "minLength": 4 })];

    let good = run(&checks(&rules, port), &["https://u:hunter2@example.com".into(), "live".into()], &report).await?;
    assert_eq!(good.status.code(), Some(0), "{good:?}");
    assert_eq!(String::from_utf8(good.stdout)?, "well-formed keys: 2; databases that answer: 1\n");
    assert_eq!(std::fs::read_to_string(&report)?, Report::default().message());

    let not_utf_8 = OsString::from_vec([PLANTED.as_bytes(), b"\xff"].concat());
    let faulty = run(&checks(&rules, port), &[PLANTED.into(), not_utf_8], &report).await?;
    assert_eq!(faulty.status.code(), Some(1), "{faulty:?}");
    let written = std::fs::read_to_string(&report)?;
    let words = Report::read(&written).context("no report")?.in_words();
    assert_eq!(words, "Secret shop-env: K0 must be a URL; Secret shop-env: K1 must match ^(live|test)$");
    assert_eq!(String::from_utf8(faulty.stdout.clone())?, format!("{words}\n"));
    for told in [&faulty.stdout, &faulty.stderr, &written.into_bytes()] {
        assert!(!String::from_utf8_lossy(told).contains("hunter2"));
    }

    for misuse in [run("{}", &[], &report), run(&checks(&rules, port), &[PLANTED.into()], &report)] {
        let misuse = misuse.await?;
        assert_eq!(misuse.status.code(), Some(2), "{misuse:?}");
        assert!(!String::from_utf8(misuse.stderr)?.contains("hunter2"));
    }
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
