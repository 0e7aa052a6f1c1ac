//! Hostile texts in the fields of exposures. Each field has a form in which nothing that a controller would decode, resolve or take for a part of
//! its own configuration can be written: the API server refuses the rest, and so do the operator's own rules.

use anyhow::{Result, ensure};
use futures::stream::{StreamExt, iter};
use hardened_app::api::{HardenedApp, HardeningPolicy};
use hardened_app::app::{App, Policy};
use kube::api::PostParams;
use serde_json::{Value, json};

use super::row::good;
use crate::scene::Scene;
use crate::tamper::set;

/// Requests at a time.
const PARALLEL: usize = 16;

/// What refuses a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// The API server and the operator.
    ByBoth,
    /// The operator: it depends on more than the text.
    ByOperator,
}

/// Texts for one field of an exposure.
struct Texts {
    /// JSON pointer below the exposure.
    field: &'static str,
    refused: Refused,
    all: &'static [&'static str],
}

const fn both(field: &'static str, texts: &'static [&'static str]) -> Texts {
    Texts { field, refused: Refused::ByBoth, all: texts }
}

const fn operator(field: &'static str, texts: &'static [&'static str]) -> Texts {
    Texts { field, refused: Refused::ByOperator, all: texts }
}

const HOSTS: &[&str] = &[
    "",
    "com",
    "localhost",
    "Shop.example.com",
    "SHOP.EXAMPLE.COM",
    "shop.example.com.",
    ".shop.example.com",
    "shop..example.com",
    "shop.example.com:443",
    "https://shop.example.com",
    "//shop.example.com",
    "shop.example.com/",
    "shop.example.com/admin",
    "user@shop.example.com",
    "user:password@shop.example.com",
    "10.0.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "0x7f.0.0.1",
    "1.2.3.4.5",
    "[::1]",
    "::1",
    "fd00::1",
    "-shop.example.com",
    "shop-.example.com",
    "shop.-example.com",
    "sh_op.example.com",
    "shop.example.c_m",
    "*",
    "*.",
    "*.com.",
    "**.example.com",
    "*shop.example.com",
    "shop*.example.com",
    "shop.*.com",
    "*.*.example.com",
    "a.*.example.com",
    "?.example.com",
    "~^(.*)$",
    "~.*",
    "^shop.example.com$",
    "(shop|admin).example.com",
    "shop.example.com|admin.example.com",
    "shop.example.com,admin.example.com",
    "shop.example.com admin.example.com",
    " shop.example.com",
    "shop.example.com ",
    "shop.example.com\t",
    "shop.example.com\n",
    "shop.example.com\r\nHost: admin.example.com",
    "shop.example.com\u{0}",
    "shop\u{0}.example.com",
    "shop.example.com;",
    "shop.example.com; return 200",
    "shop.example.com{",
    "shop.example.com }",
    "{{host}}.example.com",
    "${HOST}.example.com",
    "$(HOST).example.com",
    "$host.example.com",
    "%REQ(:authority)%",
    "%2e.example.com",
    "shop%2eexample%2ecom",
    "`shop.example.com`",
    "Host(`shop.example.com`) || Host(`admin.example.com`)",
    "\"shop.example.com\"",
    "'shop.example.com'",
    "shop.example.com\\",
    "shop\\.example.com",
    "shop.example.com#",
    "shop.example.com?x",
    "shop.example.com<script>",
    "b\u{fc}cher.example.com",
    "sh\u{43e}p.example.com",
    "shop\u{200b}.example.com",
    "shop\u{200d}.example.com",
    "\u{202e}moc.elpmaxe.pohs",
    "shop\u{ff0e}example\u{ff0e}com",
    "shop\u{3002}example\u{3002}com",
    "shop.example.com\u{a0}",
    "\u{feff}shop.example.com",
    "shop.example.123",
    "shop.example.1com",
    "..",
    "a.b..",
];

const PATHS: &[&str] = &[
    "",
    "api",
    "api/",
    "/api/",
    "//",
    "//api",
    "/api//v1",
    "/.",
    "/..",
    "/../admin",
    "/api/../admin",
    "/api/..",
    "/./api",
    "/.git",
    "/.well-known",
    "/%2e%2e/admin",
    "/%2e",
    "/%00",
    "/api%2fadmin",
    "/%252e",
    "/api\u{0}",
    "/api\n",
    "/api\r\nX-Header: x",
    "/api\t",
    "/ api",
    "/api ",
    "/api*",
    "/*",
    "/api?admin=1",
    "/api#top",
    "/api;x=1",
    "/(.*)",
    "/[a-z]+",
    "/api|/admin",
    "/^api$",
    "/api{",
    "/api}",
    "/{{path}}",
    "/${PATH}",
    "/$1",
    "/$(id)",
    "/`id`",
    "/api'",
    "/api\"",
    "/api\\admin",
    "\\api",
    "/api\\..\\admin",
    "/api<script>",
    "/api>",
    "~* /api",
    "= /api",
    "^~ /api",
    "@named",
    "http://shop.example.com/",
    "/\u{e9}",
    "/api\u{200b}",
    "/\u{202e}ipa",
    "/\u{ff0f}admin",
    "/api,/admin",
    "/api:8080",
    "/api@admin",
    "/api&x",
    "/api+x",
    "/api=x",
    "/api!",
    "/PathPrefix(`/`)",
];

const CONTENT_SECURITY_POLICIES: &[&str] = &[
    "default-src 'self'\r\nSet-Cookie: a=b",
    "default-src 'self'\nX: y",
    "default-src 'self'\u{0}",
    "default-src \"self\"",
    "default-src 'self'\t",
    "default-src %REQ(:path)%",
    "default-src %DOWNSTREAM_REMOTE_ADDRESS%",
    "default-src ${HOST}",
    "default-src $host",
    "default-src {{ .Values }}",
    "default-src 'self' <script>",
    "default-src 'self'\\",
    "default-src `id`",
    "default-src 'self' \u{e9}",
    "default-src 'self'\u{200b}",
    "default-src 'self' | sh",
    "default-src 'self' ^",
    "default-src [::1]",
    "",
];

const UNSAFE_POLICIES: &[&str] = &[
    "script-src 'self'",
    "default-src *",
    "default-src 'self' 'unsafe-inline'",
    "default-src 'self' 'unsafe-eval'",
    "default-src https:",
    "default-src 'self'; script-src *",
    "default-src 'self'; script-src data:",
    "default-src 'self'; script-src blob:",
    "default-src 'self'; script-src 'unsafe-inline'",
    "default-src 'self'; script-src 'nonce-1'",
    "default-src 'self'; object-src *",
    "default-src 'self'; script-src http://cdn.example.com",
    "default-src 'self'; script-src-elem https:",
    "default-src 'self'; worker-src *",
    "default-src 'self'; default-src *",
    "Default-src 'self'",
    ";",
    "default-src 'self'; script-src 'self' filesystem:",
];

const PERMISSIONS: &[&str] = &[
    "",
    "*",
    "camera",
    "camera=",
    "camera=*",
    "camera=(*)",
    "camera=(self \"https://a.example\")",
    "camera=(\"https://a.example\")",
    "camera=()\r\nX: y",
    "camera=(),microphone=(),geolocation=()",
    "camera=() microphone=()",
    "Camera=()",
    "camera=(none)",
    "camera 'none'",
    "camera=();",
    "camera=%REQ(x)%",
];

const SECRETS: &[&str] = &[
    "other-tls",
    "kube-root-ca.crt",
    "shop-env",
    "shop-tlsx",
    "shoptls",
    "shop",
    "shop-tls-tls",
    "shop-tls-tls-a",
    "xshop-tls",
    "shop-web-tls",
    "tls",
];

const NAMES: &[&str] = &[
    "",
    "Shop-tls",
    "shop_tls",
    "shop-tls/other",
    "../shop-tls",
    "other/shop-tls",
    "shop-tls ",
    "shop-tls\n",
    "shop-tls-",
    "-shop-tls",
    "shop-tls.",
    "shop-tls\u{0}",
    "{{shop-tls}}",
    "shop-tls;x",
    "shop-tls-\u{e9}",
];

const TABLE: [Texts; 13] = [
    both("/host", HOSTS),
    both("/routes/0/path", PATHS),
    both("/headers/contentSecurityPolicy", CONTENT_SECURITY_POLICIES),
    operator("/headers/contentSecurityPolicy", UNSAFE_POLICIES),
    both("/headers/permissionsPolicy", PERMISSIONS),
    operator("/headers/permissionsPolicy", &["camera=()", "camera=(), microphone=()", "usb=()"]),
    operator("/tls/secretName", SECRETS),
    both("/tls/secretName", NAMES),
    operator("/tls/issuer", &["other", "letsencrypt-staging", "LetsEncrypt", "letsencrypt "]),
    both("/minTLSVersion", &["1.0", "1.1", "1.4", "2", "TLSv1.2", "1.2 ", "", "SSLv3"]),
    both("/maxBodySize", &["0", "-1", "1 Mi", "1MiB", "many", "0x10", "", "1e", "--1"]),
    both(
        "/allowCIDRs/0",
        &[
            "0.0.0.0",
            "10.0.0.1/33",
            "::1/129",
            "a/8",
            "203.0.113.0/24 ",
            "203.0.113.0/24\n",
            "203.0.113.0/-1",
            "all",
            "203.0.113/24",
        ],
    ),
    both(
        "/backendTLS/hostname",
        &["", "Web.internal", "web internal", "web\n", "*", "https://web", "web:8443", "{{web}}", "web/", "%web%"],
    ),
];

/// An app whose exposure has this text in this field.
fn app(namespace: &str, Texts { field, .. }: &Texts, text: &str) -> Value {
    let mut exposure = json!({
        "host": "shop.example.com", "routes": [{ "path": "/", "component": "web" }], "headers": {}, "tls": { "secretName": "shop-tls" },
        "allowCIDRs": ["203.0.113.0/24"],
    });
    if *field == "/tls/issuer" {
        set(&mut exposure, "/tls", json!({}));
    }
    if field.starts_with("/backendTLS") {
        set(&mut exposure, "/backendTLS", json!({ "caSecret": "ca" }));
    }
    match field.strip_suffix("/0") {
        Some(list) => set(&mut exposure, list, json!([text])),
        None => set(&mut exposure, field, json!(text)),
    }
    let mut app = good();
    set(&mut app, "/metadata/namespace", json!(namespace));
    set(&mut app, "/spec/exposures", json!([exposure]));
    app
}

/// What is wrong with the refusal of a text, if anything is.
async fn problem(scene: &Scene, policy: &Policy, texts: &Texts, text: &str) -> Result<Option<String>> {
    let app = app(scene.name(), texts, text);
    let Ok(app) = serde_json::from_value::<HardenedApp>(app) else {
        // Neither can read it.
        return Ok((texts.refused == Refused::ByOperator).then(|| "it is unreadable".to_owned()));
    };
    let parameters = PostParams { dry_run: true, ..PostParams::default() };
    let by_server = scene.apps().create(&parameters, &app).await;
    match (by_server, texts.refused) {
        (Ok(_), Refused::ByBoth) => return Ok(Some("the API server accepts it".to_owned())),
        (Err(error), Refused::ByOperator) => return Ok(Some(format!("the API server refuses it: {error}"))),
        (Err(kube::Error::Api(status)), Refused::ByBoth) if status.code != 422 => return Ok(Some(status.message)),
        _ => {}
    }
    let name = texts.field.trim_end_matches("/0").rsplit('/').next().unwrap_or_default();
    let Err(rejections) = App::accept(&app, policy) else { return Ok(Some("the operator accepts it".to_owned())) };
    let about_field = rejections.iter().find(|it| it.path.starts_with("spec.exposures[") && it.path.contains(name));
    let is_said = about_field.is_some_and(|it| !it.problem.is_empty() && !it.remedy.is_empty());
    // The policy would refuse most hosts, too: it is the text that is wrong.
    let is_of_text = name != "host" || about_field.is_some_and(|it| it.problem == "not the name of a host");
    Ok((!is_said || !is_of_text).then(|| format!("the operator refuses it otherwise: {rejections:?}")))
}

#[tokio::test]
async fn no_hostile_text_gets_into_an_exposure() -> Result<()> {
    let scene = Scene::open("hostile").await?;
    let policy: HardeningPolicy = serde_json::from_value(json!({
        "apiVersion": "hardened.dev/v1alpha1", "kind": "HardeningPolicy", "metadata": { "name": "hostile" },
        "spec": { "exposure": {
            "allowedHosts": ["*.example.com"], "issuers": [{ "name": "letsencrypt" }],
            "ingress": { "className": "edge", "profile": "Contour" },
            "controllers": [{ "namespace": "edge", "podLabels": { "app": "envoy" } }],
        } },
    }))?;
    let policy = Policy::accept(&policy).map_err(|rejections| anyhow::anyhow!("{rejections:?}"))?;
    let harmless = Texts { field: "/host", refused: Refused::ByOperator, all: &[] };
    let harmless = serde_json::from_value(app(scene.name(), &harmless, "shop.example.com"))?;
    ensure!(App::accept(&harmless, &policy).is_ok(), "without a hostile text it is accepted");
    scene.apps().create(&PostParams { dry_run: true, ..PostParams::default() }, &harmless).await?;

    let all: Vec<(&Texts, &str)> =
        TABLE.iter().flat_map(|texts| texts.all.iter().map(move |text| (texts, *text))).collect();
    let answers = iter(&all).map(async |(texts, text)| problem(&scene, &policy, texts, text).await).buffered(PARALLEL);
    let answers: Vec<Result<Option<String>>> = answers.collect().await;
    let mut failures = Vec::new();
    for ((texts, text), answer) in all.iter().zip(answers) {
        failures.extend(answer?.map(|problem| format!("{} {text:?}: {problem}", texts.field)));
    }
    println!("{} hostile texts in {} fields", all.len(), TABLE.len());
    ensure!(all.len() >= 200, "{} texts", all.len());
    ensure!(failures.is_empty(), "{} of {} texts:\n{}", failures.len(), all.len(), failures.join("\n"));
    Ok(())
}
