//! What the first bytes of a database say about it. Nothing is authenticated: the check has no password.

use tokio::{net::TcpStream, time::Instant};

use super::{exchange::answer, tls};
use crate::{api::Engine, preflight::Problem};

/// Asks for TLS: length 8, code 80877103. "The server then responds with a single byte containing S or N"; a server that has no more
/// processes, or doesn't know the request, responds with an `ErrorResponse`, which begins with E.
/// <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL>
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// How much of a reply of Redis is awaited at most, in bytes: its first word tells it.
const LONGEST_LINE: usize = 64;

/// What is wrong with the answer of a server to which a connection exists. Engines without a check of their protocol have no problem.
pub(super) async fn problem(stream: &mut TcpStream, host: &str, engine: Engine, until: Instant) -> Option<Problem> {
    match engine {
        Engine::Postgres => match answer(stream, &SSL_REQUEST, is_whole_byte, until).await.as_slice() {
            // More than the one byte is another server's greeting, such as that of SSH.
            [b'S' | b'N'] | [b'E', ..] => None,
            _ => Some(Problem::Foreign(engine)),
        },
        Engine::Redis => match redis(&answer(stream, b"PING\r\n", is_whole_line, until).await) {
            Some(Problem::Foreign(_)) if tls::is_spoken(stream, host, until).await => None,
            problem => problem,
        },
        Engine::Mysql | Engine::Mongodb | Engine::Other => None,
    }
}

/// Redis refuses PING without a password (`-NOAUTH`), and by its rules for users (`-NOPERM`).
fn redis(reply: &[u8]) -> Option<Problem> {
    let is = |word: &[u8]| reply.starts_with(word);
    if [b"+PONG".as_slice(), b"-NOAUTH", b"-NOPERM", b"-ERR"].into_iter().any(is) {
        return None;
    }
    // "Redis is running in protected mode": it has no password, and serves clients on its own host only.
    Some(match () {
        () if is(b"-DENIED") => Problem::Refused,
        () if is(b"-LOADING") => Problem::Loading,
        () => Problem::Foreign(Engine::Redis),
    })
}

fn is_whole_byte(reply: &[u8]) -> bool {
    !reply.is_empty()
}

fn is_whole_line(reply: &[u8]) -> bool {
    reply.contains(&b'\n') || reply.len() >= LONGEST_LINE
}
