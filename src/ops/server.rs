//! `/metrics`, `/livez` and `/readyz`.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use http::{HeaderValue, Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::Full;
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};

use super::{health::Health, metrics::Metrics};

/// Connections at once. Scrapes and probes need two or three.
const CONNECTIONS: usize = 64;
/// The longest duration of a connection, with its one request: no client can occupy all connections for long.
const LONGEST: Duration = Duration::from_secs(10);

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// What the endpoints return.
#[derive(Debug)]
pub(super) struct Pages {
    pub(super) metrics: Metrics,
    pub(super) health: Arc<Health>,
}

/// Binds the address first, so that a wrong one ends the process at its start.
///
/// # Errors
/// If the address can't be bound.
pub(super) async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("failed to listen on {address}"))?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    Ok(listener)
}

/// Answers requests for as long as the process lives.
pub(super) async fn serve(listener: TcpListener, pages: Pages) {
    let (pages, permits) = (Arc::new(pages), Arc::new(Semaphore::new(CONNECTIONS)));
    // The semaphore is never closed.
    while let Ok(permit) = permits.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let pages = pages.clone();
                tokio::spawn(async move {
                    // A failed connection affects only its client.
                    let _ = timeout(LONGEST, connection(stream, pages)).await;
                    drop(permit);
                });
            }
            Err(error) => {
                // Most likely the process is out of file descriptors: wait until some are closed.
                tracing::warn!(%error, "connection not accepted");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, pages: Arc<Pages>) -> hyper::Result<()> {
    let answer = service_fn(|request: Request<Incoming>| {
        let response = pages.answer(request.method(), request.uri().path());
        async { Ok::<_, Infallible>(response) }
    });
    http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), answer).await
}

impl Pages {
    fn answer(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return page(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET".to_owned());
        }
        match path {
            "/livez" => health_page(self.health.alive()),
            "/readyz" => health_page(self.health.ready()),
            "/metrics" => match self.metrics.text() {
                Ok(text) => page(StatusCode::OK, OPEN_METRICS, text),
                Err(error) => page(StatusCode::INTERNAL_SERVER_ERROR, TEXT, error.to_string()),
            },
            _ => page(StatusCode::NOT_FOUND, TEXT, "there are /metrics, /livez and /readyz".to_owned()),
        }
    }
}

fn health_page(health: Result<&'static str, String>) -> Response<Full<Bytes>> {
    match health {
        Ok(state) => page(StatusCode::OK, TEXT, state.to_owned()),
        Err(reason) => page(StatusCode::SERVICE_UNAVAILABLE, TEXT, reason),
    }
}

fn page(status: StatusCode, kind: HeaderValue, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
