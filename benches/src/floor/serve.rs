//! Accepts events.

use super::forward::{Event, Forward};
use super::group_commit::GroupCommit;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

type Answer = Result<Response<Empty<Bytes>>, crate::Error>;

/// Serves each connection in a task of its own, with a connection to the sink of its own.
pub(super) async fn accept(listener: TcpListener, sink: SocketAddr, file: Option<Arc<GroupCommit>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let file = file.clone();
        // A connection that breaks off shows in the figures of the load.
        tokio::spawn(async move { drop(serve(stream, sink, file).await) });
    }
}

async fn serve(
    stream: TcpStream,
    sink: SocketAddr,
    file: Option<Arc<GroupCommit>>,
) -> Result<(), crate::Error> {
    stream.set_nodelay(true)?;
    let forward = Forward::connect(sink).await?;
    let floor = Arc::new(Floor { file, forward: Mutex::new(forward) });
    let service = service_fn(move |request| floor.clone().take(request));
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await?;
    Ok(())
}

/// What one connection uses.
struct Floor {
    file: Option<Arc<GroupCommit>>,
    /// One request at a time: the lock is never waited for.
    forward: Mutex<Forward>,
}

impl Floor {
    async fn take(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        let event = receive(request).await?;
        if let Some(file) = &self.file {
            file.append(&event).await?;
        }
        let status = self.forward.lock().await.send(event).await?;
        Ok(Response::builder().status(status).body(Empty::new())?)
    }
}

/// Reads the request and looks at one header.
async fn receive(request: Request<Incoming>) -> Result<Event, crate::Error> {
    let (head, body) = request.into_parts();
    if !head.headers.contains_key("ce-type") {
        return Err("no ce-type".into());
    }
    Ok(Event { headers: head.headers, body: body.collect().await?.to_bytes() })
}
