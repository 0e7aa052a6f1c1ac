//! The check against servers on the loopback interface: what answers as which engine, who is waited for, and that nothing of a value gets
//! out.

use std::{
    collections::BTreeMap,
    io::{Read, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::ffi::OsStringExt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use proptest::prelude::*;
use rustls::{
    ServerConfig, ServerConnection,
    crypto::ring,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use super::*;

/// Enough for several attempts on the loopback interface, also on a busy machine.
const SHORT: Limits = Limits {
    total: Duration::from_millis(1200),
    attempt: Duration::from_secs(1),
    pause: Duration::from_millis(10),
    denied: Duration::from_millis(200),
};

/// For servers that answer at last: the test ends when they do.
const PATIENT: Limits = Limits { total: Duration::from_secs(30), ..SHORT };

/// Where a run writes its report.
struct ReportFile(PathBuf);

impl ReportFile {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("hardened-app-preflight-{}-{number}", std::process::id())))
    }
}

impl Drop for ReportFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Runs checks with these variables; the report, and what was printed.
fn run_with(checks: &Value, env: &BTreeMap<&str, OsString>, limits: Limits) -> anyhow::Result<(Report, String)> {
    let file = ReportFile::new();
    let arguments = Preflight { checks: checks.to_string(), report: file.0.clone() };
    let mut out = Vec::new();
    let report = checked(&arguments, limits, |name| env.get(name).cloned(), &mut out)?;
    let written = fs::read_to_string(&file.0)?;
    assert_eq!(Report::read(&written).as_ref(), Some(&report), "{written}");
    Ok((report, String::from_utf8(out)?))
}

/// A server at a port of its own, which does this with each connection; the connections are numbered.
fn server(serve: impl Fn(usize, TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            serve(number, stream.unwrap());
        }
    });
    port
}

/// A server that reads this request and answers with that reply.
fn dialogue(request: &'static [u8], reply: &'static [u8]) -> u16 {
    server(move |_, stream| answer_to(stream, request, reply))
}

/// The client may have gone before: that is no failure of the server.
fn answer_to(mut stream: TcpStream, request: &[u8], reply: &[u8]) {
    let mut asked = vec![0; request.len()];
    if stream.read_exact(&mut asked).is_ok() && asked == request {
        let _ = stream.write_all(reply);
    }
}

/// A port where nothing listens, as long as the socket holds it.
fn unused_port() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

/// What is reported of a database.
fn problem(engine: &str, hosts: &[&str], port: u16, limits: Limits) -> Option<String> {
    let databases = json!([{ "name": "db", "engine": engine, "hosts": hosts, "port": port }]);
    let checks = json!({ "keys": [], "databases": databases, "denied": false });
    let (report, printed) = run_with(&checks, &BTreeMap::new(), limits).unwrap();
    let problem = report.databases.first().map(|fault| fault.problem.clone());
    let expected = problem.as_ref().map_or_else(
        || "well-formed keys: 0; databases that answer: 1\n".to_owned(),
        |problem| format!("database db: {problem}\n"),
    );
    assert_eq!(printed, expected);
    problem
}

const LOCAL: &[&str] = &["127.0.0.1"];
const SSL_REQUEST: &[u8] = &[0, 0, 0, 8, 4, 210, 22, 47];

#[test]
fn postgres_answers_a_request_for_tls_by_one_of_three_letters() {
    for reply in [b"S".as_slice(), b"N", b"E\0\0\0\x10SFATAL\0\0"] {
        assert_eq!(problem("postgres", LOCAL, dialogue(SSL_REQUEST, reply), PATIENT), None);
    }
    for reply in [
        b"".as_slice(),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"-ERR unknown command\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"NICK\r\n",
    ] {
        let found = problem("postgres", LOCAL, dialogue(SSL_REQUEST, reply), SHORT);
        assert_eq!(found.as_deref(), Some("answers, but not as PostgreSQL does"));
    }
}

#[test]
fn redis_answers_a_ping_also_where_it_asks_for_a_password() {
    for reply in [
        b"+PONG\r\n".as_slice(),
        b"-NOAUTH Authentication required.\r\n",
        b"-NOPERM this user has no permissions\r\n",
        b"-ERR operation not permitted\r\n",
    ] {
        assert_eq!(problem("redis", LOCAL, dialogue(b"PING\r\n", reply), PATIENT), None);
    }
    for (reply, problem_of_it) in [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(), "answers, but not as Redis does"),
        (b"+PO", "answers, but not as Redis does"),
        (b"", "answers, but not as Redis does"),
        (b"-LOADING Redis is loading the dataset in memory\r\n", "is still loading its data"),
        (b"-DENIED Redis is running in protected mode because\r\n", "refused the connection"),
    ] {
        let found = problem("redis", LOCAL, dialogue(b"PING\r\n", reply), SHORT);
        assert_eq!(found.as_deref(), Some(problem_of_it));
    }
}

#[test]
fn a_reply_may_come_in_pieces() {
    let port = server(|_, mut stream| {
        stream.set_nodelay(true).unwrap();
        let mut asked = [0; 6];
        if stream.read_exact(&mut asked).is_ok() {
            let _ = [b"+PO".as_slice(), b"NG\r\n"].into_iter().try_for_each(|piece| stream.write_all(piece));
        }
    });
    assert_eq!(problem("redis", LOCAL, port, PATIENT), None);
}

#[derive(Debug)]
struct NoCertificate;

impl ResolvesServerCert for NoCertificate {
    fn resolve(&self, _: ClientHello) -> Option<Arc<CertifiedKey>> {
        None
    }
}

/// Without a certificate it answers a handshake with an alert, and anything else by closing the connection.
fn tls_server() -> u16 {
    let config = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(NoCertificate));
    let config = Arc::new(config);
    server(move |_, mut stream| {
        let mut connection = ServerConnection::new(config.clone()).unwrap();
        if connection.read_tls(&mut stream).is_ok() && connection.process_new_packets().is_err() {
            let _ = connection.write_tls(&mut stream);
        }
    })
}

#[test]
fn redis_may_speak_tls_only() {
    assert_eq!(problem("redis", LOCAL, tls_server(), PATIENT), None);
    assert_eq!(problem("redis", &["localhost"], tls_server(), PATIENT), None);
}

#[test]
fn other_engines_have_to_accept_a_connection() {
    let (_socket, unused) = unused_port();
    for engine in ["mysql", "mongodb", "other"] {
        assert_eq!(problem(engine, LOCAL, server(|_, _| {}), PATIENT), None);
        assert_eq!(problem(engine, LOCAL, unused, SHORT).as_deref(), Some("refused the connection"));
    }
}

#[test]
fn a_server_that_is_silent_is_given_up_in_time() {
    // It reads until the client goes.
    let port = server(|_, mut stream| while stream.read(&mut [0; 64]).is_ok_and(|length| length > 0) {});
    let begin = Instant::now();
    let found = problem("postgres", LOCAL, port, SHORT);
    assert_eq!(found.as_deref(), Some("answers, but not as PostgreSQL does"));
    assert!(begin.elapsed() >= SHORT.attempt && begin.elapsed() < SHORT.total + Duration::from_secs(5));
}

#[test]
fn a_port_that_answers_no_packet_is_reported() {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _guard = runtime.enter();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    // Linux leaves requests for connections unanswered while the queue is full, which isn't emptied here.
    let queued: Vec<TcpStream> =
        std::iter::from_fn(|| TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok()).collect();
    assert!(!queued.is_empty());
    let found = problem("mysql", LOCAL, address.port(), SHORT);
    assert_eq!(found, Some(format!("no answer on port {}", address.port())));
}

#[test]
fn a_host_without_address_is_reported() {
    let found = problem("postgres", &["no-such-host.invalid"], 5432, SHORT);
    assert_eq!(found.as_deref(), Some("no address for its host"));
    assert_eq!(problem("postgres", &[], 5432, SHORT).as_deref(), Some("no address for its host"));
}

#[test]
fn a_database_that_comes_later_is_waited_for() {
    let port = server(|number, stream| {
        if number >= 5 {
            answer_to(stream, b"PING\r\n", b"+PONG\r\n");
        }
    });
    assert_eq!(problem("redis", LOCAL, port, PATIENT), None);
}

#[test]
fn one_of_several_hosts_is_enough_and_else_the_furthest_is_told() {
    let port = dialogue(SSL_REQUEST, b"S");
    assert_eq!(problem("postgres", &["no-such-host.invalid", "127.0.0.2", "127.0.0.1"], port, PATIENT), None);
    let foreign = dialogue(SSL_REQUEST, b"?");
    let found = problem("postgres", &["127.0.0.1", "127.0.0.2", "no-such-host.invalid"], foreign, SHORT);
    assert_eq!(found.as_deref(), Some("answers, but not as PostgreSQL does"));
}

/// Whether the network counts as open where the API server would be at this port.
fn is_open(port: u16, limits: Limits) -> bool {
    let env = BTreeMap::from([
        ("KUBERNETES_SERVICE_HOST", OsString::from("127.0.0.1")),
        ("KUBERNETES_SERVICE_PORT", OsString::from(port.to_string())),
    ]);
    let checks = json!({ "keys": [], "databases": [], "denied": true });
    let (report, printed) = run_with(&checks, &env, limits).unwrap();
    assert!(!report.has_faults(), "an open network is no fault");
    assert_eq!(printed.contains("NetworkPolicies"), report.open_network);
    report.open_network
}

#[test]
fn a_connection_that_network_policies_deny_is_a_finding_where_it_succeeds() {
    let (_socket, unused) = unused_port();
    assert!(is_open(server(|_, _| {}), SHORT));
    assert!(!is_open(unused, SHORT));
}

#[test]
fn policies_may_be_enforced_a_moment_after_the_pod_has_started() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.accept().map(drop));
    assert!(!is_open(port, Limits { pause: Duration::from_millis(500), ..SHORT }));
}

fn keys(rules: &[Value]) -> Value {
    let key = |(index, rules): (usize, &Value)| {
        let mut key = json!({ "secret": "env", "key": format!("K{index}"), "variable": format!("KEY_{index}") });
        key.as_object_mut().unwrap().extend(rules.as_object().unwrap().clone());
        key
    };
    let keys: Vec<Value> = rules.iter().enumerate().map(key).collect();
    json!({ "keys": keys, "databases": [], "denied": false })
}

#[test]
fn values_come_from_the_environment_in_any_encoding() {
    let checks = keys(&[json!({ "format": "url" }), json!({ "format": "nonEmpty" }), json!({ "minLength": 3 })]);
    let env = BTreeMap::from([
        ("KEY_0", OsString::from_vec(b"https://\xff".to_vec())),
        ("KEY_1", OsString::from_vec(b"\xff".to_vec())),
        ("KEY_2", OsString::from("x".repeat(100_000))),
    ]);
    let (report, printed) = run_with(&checks, &env, SHORT).unwrap();
    assert_eq!(report.in_words(), "Secret env: K0 must be a URL");
    assert_eq!(printed, "Secret env: K0 must be a URL\n");
}

/// The exit code of a run, and what it printed on both streams.
fn ends(checks: &str, value: Option<&str>, report: PathBuf) -> (ExitCode, String) {
    let arguments = Preflight { checks: checks.to_owned(), report };
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let code = run(&arguments, |_| value.map(OsString::from), &mut out, &mut errors);
    (code, String::from_utf8([out, errors].concat()).unwrap())
}

#[test]
fn the_exit_code_tells_faults_from_a_check_that_is_not_possible() {
    let (checks, file) = (keys(&[json!({ "format": "url" })]).to_string(), ReportFile::new());
    let code = |checks: &str, value: Option<&str>, report: PathBuf| format!("{:?}", ends(checks, value, report).0);
    let [good, faulty, misused] = [ExitCode::SUCCESS, ExitCode::from(1), ExitCode::from(2)].map(|it| format!("{it:?}"));
    assert_eq!(code(&checks, Some("https://example.com"), file.0.clone()), good);
    assert_eq!(code(&checks, Some("nonsense"), file.0.clone()), faulty);
    assert_eq!(code(&checks, None, file.0.clone()), misused);
    assert_eq!(code("{}", Some("nonsense"), file.0.clone()), misused);
    assert_eq!(code(&checks, Some("nonsense"), "/no-such-folder/report".into()), misused);
    let denied = r#"{"keys": [], "databases": [], "denied": true}"#;
    assert_eq!(code(denied, None, file.0.clone()), misused);
    assert_eq!(
        ends(denied, None, file.0.clone()).1,
        "hardened-app: KUBERNETES_SERVICE_PORT isn't set: this is no pod\n"
    );
    assert_eq!(ends(&checks, None, file.0.clone()).1, "hardened-app: KEY_0 isn't set, which should hold K0 of env\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_piece_of_a_value_is_written_or_printed(value in "\\PC{8,200}", writable in any::<bool>()) {
        let rules = ["url", "base64", "pem", "integer", "nonEmpty"].map(|format| json!({ "format": format }));
        let rules = [rules.as_slice(), &[json!({ "minLength": 300 }), json!({ "pattern": "^[A-Z]{300}$" })]].concat();
        let file = ReportFile::new();
        let report = if writable { file.0.clone() } else { "/no-such-folder/report".into() };
        let (code, mut told) = ends(&keys(&rules).to_string(), Some(&value), report);
        prop_assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(if writable { 1 } else { 2 })));
        if writable {
            told += &fs::read_to_string(&file.0).unwrap();
        }
        let characters: Vec<char> = value.chars().collect();
        for piece in characters.windows(8) {
            let piece: String = piece.iter().collect();
            prop_assert!(!told.contains(&piece), "{piece:?} is in {told}");
        }
    }
}
