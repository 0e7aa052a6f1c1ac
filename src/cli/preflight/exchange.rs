//! One request and its reply, as far as it comes.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout_at},
};

/// What comes back until it is whole, the connection is closed or the time is over.
pub(super) async fn answer(
    stream: &mut TcpStream,
    request: &[u8],
    is_whole: fn(&[u8]) -> bool,
    until: Instant,
) -> Vec<u8> {
    let mut reply = Vec::new();
    let exchange = async {
        stream.write_all(request).await?;
        let mut piece = [0; 64];
        while !is_whole(&reply) {
            let length = stream.read(&mut piece).await?;
            if length == 0 {
                break;
            }
            reply.extend(piece.iter().take(length));
        }
        io::Result::Ok(())
    };
    // Whether it fails or takes too long: what has come is the answer.
    let _ = timeout_at(until, exchange).await;
    reply
}
