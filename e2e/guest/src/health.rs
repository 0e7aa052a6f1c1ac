//! gRPC health checks: the part of HTTP/2 that is needed to answer every call with "serving".

use std::io::{Read, Result, Write};

/// The beginning of the HTTP/2 connection preface, which looks like the head of an HTTP/1 request.
pub(crate) const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\n";

/// The length of the rest of the preface.
const PREFACE_END: usize = "SM\r\n\r\n".len();

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;

/// Flag of settings and pings. In headers and data the same bit is [`END_OF_STREAM`].
const ACKNOWLEDGED: u8 = 1;
const END_OF_STREAM: u8 = 1;
const END_OF_HEADERS: u8 = 4;

/// `HealthCheckResponse { status: SERVING }`: uncompressed, two bytes, field 1 is 1.
const SERVING: &[u8] = &[0, 0, 0, 0, 2, 8, 1];

/// Answers the calls of one connection until the client closes it.
pub(crate) fn serve(input: &mut impl Read, output: &mut impl Write) -> Result<()> {
    input.read_exact(&mut [0; PREFACE_END])?;
    send(output, SETTINGS, 0, 0, &[])?;
    loop {
        let mut head = [0; 9];
        input.read_exact(&mut head)?;
        let [length @ .., kind, flags, s0, s1, s2, s3] = head;
        let [l0, l1, l2] = length;
        let mut body = vec![0; usize::try_from(u32::from_be_bytes([0, l0, l1, l2])).unwrap_or_default()];
        input.read_exact(&mut body)?;
        match kind {
            SETTINGS | PING if flags & ACKNOWLEDGED == 0 => {
                let echo = if kind == PING { body.as_slice() } else { &[] };
                send(output, kind, ACKNOWLEDGED, 0, echo)?;
            }
            DATA | HEADERS if flags & END_OF_STREAM != 0 => reply(output, u32::from_be_bytes([s0, s1, s2, s3]))?,
            _ => {}
        }
    }
}

/// Sends a response: headers, message, trailers.
fn reply(output: &mut impl Write, stream: u32) -> Result<()> {
    // `:status: 200` is entry 8 of HPACK's static table.
    let mut headers = vec![0x88];
    headers.extend(header("content-type", "application/grpc"));
    send(output, HEADERS, END_OF_HEADERS, stream, &headers)?;
    send(output, DATA, 0, stream, SERVING)?;
    send(output, HEADERS, END_OF_HEADERS | END_OF_STREAM, stream, &header("grpc-status", "0"))
}

/// A literal header, not indexed. Both texts must be shorter than 127 bytes, because longer lengths are encoded differently.
fn header(name: &str, value: &str) -> Vec<u8> {
    let mut header = vec![0];
    for text in [name, value] {
        header.extend(u8::try_from(text.len()));
        header.extend(text.as_bytes());
    }
    header
}

fn send(output: &mut impl Write, kind: u8, flags: u8, stream: u32, body: &[u8]) -> Result<()> {
    let [_, l0, l1, l2] = u32::try_from(body.len()).unwrap_or_default().to_be_bytes();
    let mut frame = vec![l0, l1, l2, kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(body);
    output.write_all(&frame)
}
