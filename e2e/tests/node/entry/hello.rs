//! Offers one old version of TLS by a `ClientHello` of our own: rustls has only 1.2 and 1.3.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use e2e::node::contour;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(10);

/// The alert of a server that supports no version which the client offers.
pub(crate) const PROTOCOL_VERSION: u8 = 70;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// Cipher suites with which browsers used these versions, for ECDSA and RSA: first those of 1.2.
const SUITES: [u16; 6] = [0xc02b, 0xc02f, 0xc009, 0xc013, 0xc00a, 0xc014];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Tls10 = 0x0301,
    Tls11 = 0x0302,
    Tls12 = 0x0303,
}

/// The server's first message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A `ServerHello`: the handshake goes on with this version.
    Hello(u16),
    /// An alert: the handshake has ended.
    Alert(u8),
}

/// Offers a version to the server of a host.
pub(crate) async fn offer(version: Version, host: &str) -> Result<Answer> {
    let exchange = async {
        let mut stream = TcpStream::connect((contour::ADDRESS, 443)).await?;
        stream.write_all(&record(version as u16, host)?).await?;
        let mut head = [0; 5];
        stream.read_exact(&mut head).await?;
        let [kind, _, _, length @ ..] = head;
        let mut body = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut body).await?;
        match (kind, body.as_slice()) {
            (ALERT, [_, description]) => Ok(Answer::Alert(*description)),
            // The type of the message, 2, and its length come before the version.
            (HANDSHAKE, [2, _, _, _, major, minor, ..]) => Ok(Answer::Hello(u16::from_be_bytes([*major, *minor]))),
            _ => bail!("neither a ServerHello nor an alert: {head:?} {body:?}"),
        }
    };
    timeout(LIMIT, exchange).await.with_context(|| format!("the server of {host} doesn't respond to {version:?}"))?
}

/// A record with a `ClientHello`.
fn record(version: u16, host: &str) -> Result<Vec<u8>> {
    let name = [&[0], sized(host.as_bytes())?.as_slice()].concat();
    let extensions = [
        extension(0, &sized(&name)?)?,
        // The curves x25519 and secp256r1, and points as they are.
        extension(10, &sized(&words(&[0x001d, 0x0017]))?)?,
        extension(11, &[1, 0])?,
        // Signatures that 1.2 chooses from: ECDSA and RSA with SHA-256.
        extension(13, &sized(&words(&[0x0403, 0x0401]))?)?,
    ];
    let mut hello = version.to_be_bytes().to_vec();
    // No key is derived from these random numbers. No session is resumed.
    hello.extend([7; 32]);
    hello.push(0);
    hello.extend(sized(&words(&SUITES))?);
    // Without compression.
    hello.extend([1, 0]);
    hello.extend(sized(&extensions.concat())?);
    // The type of the message, and a length of three bytes.
    let message = [&[1, 0], sized(&hello)?.as_slice()].concat();
    Ok([&[HANDSHAKE, 3, 1], sized(&message)?.as_slice()].concat())
}

fn extension(kind: u16, content: &[u8]) -> Result<Vec<u8>> {
    Ok([&kind.to_be_bytes(), sized(content)?.as_slice()].concat())
}

/// The content after its length, in two bytes.
fn sized(content: &[u8]) -> Result<Vec<u8>> {
    let length = u16::try_from(content.len())?;
    Ok([&length.to_be_bytes(), content].concat())
}

fn words(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}
