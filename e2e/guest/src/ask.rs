//! Requests of the tests, as `GET /verb/argument`.

use std::fs;
use std::io::{BufRead, Result, Write};

/// Allocated at a time: small compared to any memory limit.
const BITE: usize = 1 << 20;

/// Reads the head of a request, up to the empty line. The preface of HTTP/2 begins with such a head as well.
pub(crate) fn head(input: &mut impl BufRead) -> Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && input.read_line(&mut head)? > 0 {}
    Ok(head)
}

/// Carries out the request, and tells what software serves, as many do.
pub(crate) fn respond(request: &str, connection: &mut impl Write) -> Result<()> {
    let (status, text) = carry_out(request);
    let length = text.len();
    let head = format!("HTTP/1.1 {status}\r\nX-Powered-By: guest\r\nContent-Length: {length}\r\nConnection: close");
    write!(connection, "{head}\r\n\r\n{text}")
}

/// Executes a request; returns the status and the body of the response.
fn carry_out(head: &str) -> (&'static str, String) {
    let path = head.split(' ').nth(1).unwrap_or_default();
    let (verb, argument) = path.trim_start_matches('/').split_once('/').unwrap_or((path, ""));
    let file = format!("/{argument}");
    let outcome = match verb {
        "read" => fs::read_to_string(file),
        "write" => fs::write(file, "written").map(|()| "written".to_owned()),
        // Other paths are those of probes.
        _ => Ok("ok".to_owned()),
    };
    match outcome {
        Ok(text) => ("200 OK", text),
        Err(error) => ("500 Refused", error.to_string()),
    }
}

/// Allocates memory until the kernel kills the process, and writes to it, because memory that isn't written to isn't counted.
pub(crate) fn eat() -> ! {
    let mut eaten = Vec::new();
    loop {
        eaten.push(vec![1_u8; BITE]);
    }
}
