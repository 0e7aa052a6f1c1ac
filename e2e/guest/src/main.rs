//! The program in the containers of the node tests. It serves HTTP and gRPC health checks on one port, and reads and writes
//! files on request, so that tests can see what a process in the container may do.
//!
//! Its last argument selects another function: `pause` holds the namespaces of a pod, `ready` connects to the server in the same
//! container, `eat` allocates memory until the kernel kills the process, `migrate` creates a table. After `--tls FOLDER` it serves HTTPS, with
//! the certificate and the key in the folder.

mod ask;
mod health;
mod migrate;
mod tls;

use std::io::{BufReader, Result};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::Duration;
use std::{env, thread};

/// Names the port to listen on, for images without arguments. Without both, the program doesn't listen.
const PORT_ENV: &str = "PORT";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let argument = arguments.last().map(|last| last.trim_start_matches(':').to_owned());
    let done = match argument.as_deref() {
        Some("pause") => forever(),
        Some("eat") => ask::eat(),
        Some("migrate") => migrate::run(),
        Some("ready") => port(None).and_then(TcpStream::connect).map(drop),
        _ if argument.is_none() && env::var_os(PORT_ENV).is_none() => forever(),
        _ => port(argument).and_then(|port| serve(port, tls::configured()?.as_ref())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("guest: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Sleeps until a signal ends the process.
fn forever() -> Result<()> {
    loop {
        thread::sleep(Duration::MAX);
    }
}

fn port(argument: Option<String>) -> Result<(&'static str, u16)> {
    let port = argument.or_else(|| env::var(PORT_ENV).ok()).unwrap_or_default();
    let port = port.parse().map_err(|_| std::io::Error::other(format!("'{port}' is no port")))?;
    Ok(("0.0.0.0", port))
}

fn serve(address: (&str, u16), tls: Option<&tls::Config>) -> Result<()> {
    for connection in TcpListener::bind(address)?.incoming() {
        let (connection, tls) = (connection?, tls.cloned());
        thread::spawn(move || {
            // Clients such as probes may close the connection early, which isn't an error.
            let _ = match tls {
                Some(tls) => tls::answer(connection, tls),
                None => answer(connection),
            };
        });
    }
    Ok(())
}

fn answer(mut connection: TcpStream) -> Result<()> {
    let mut input = BufReader::new(connection.try_clone()?);
    let request = ask::head(&mut input)?;
    if request.starts_with(health::PREFACE) {
        return health::serve(&mut input, &mut connection);
    }
    ask::respond(&request, &mut connection)
}
