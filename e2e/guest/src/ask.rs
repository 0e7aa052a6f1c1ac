//! What a test may ask, as `GET /verb/argument`.

use std::fs;
use std::io::{BufRead, Result};

/// Eaten at a time: small against any memory limit.
const BITE: usize = 1 << 20;

/// The head of a request, up to the empty line. HTTP/2 begins with such a head as well.
pub(crate) fn head(input: &mut impl BufRead) -> Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && input.read_line(&mut head)? > 0 {}
    Ok(head)
}

/// The status of the answer, and its text.
pub(crate) fn carry_out(head: &str) -> (&'static str, String) {
    let path = head.split(' ').nth(1).unwrap_or_default();
    let (verb, argument) = path.trim_start_matches('/').split_once('/').unwrap_or((path, ""));
    let file = format!("/{argument}");
    let outcome = match verb {
        "read" => fs::read_to_string(file),
        "write" => fs::write(file, "written").map(|()| "written".to_owned()),
        // Probes ask for paths of their own.
        _ => Ok("ok".to_owned()),
    };
    match outcome {
        Ok(text) => ("200 OK", text),
        Err(error) => ("500 Refused", error.to_string()),
    }
}

/// Takes memory until the kernel has no more to give, and uses it: what is only reserved costs nothing.
pub(crate) fn eat() -> ! {
    let mut eaten = Vec::new();
    loop {
        eaten.push(vec![1_u8; BITE]);
    }
}
