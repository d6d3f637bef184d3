//! Accepts events.

use super::forward::{Event, Forward};
use super::group_commit::GroupCommit;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};

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
    let connection = hyper::server::conn::http1::Builder::new();
    match file {
        None => {
            // One request at a time: the lock is never waited for.
            let forward = Arc::new(Mutex::new(forward));
            let service = service_fn(move |request| send_on(request, forward.clone()));
            connection.serve_connection(TokioIo::new(stream), service).await?;
        }
        Some(file) => {
            let queue = forward.queue();
            let service = service_fn(move |request| keep(request, file.clone(), queue.clone()));
            connection.serve_connection(TokioIo::new(stream), service).await?;
        }
    }
    Ok(())
}

async fn send_on(request: Request<Incoming>, forward: Arc<Mutex<Forward>>) -> Answer {
    let event = receive(request).await?;
    answer(forward.lock().await.send(event).await?)
}

async fn keep(request: Request<Incoming>, file: Arc<GroupCommit>, queue: mpsc::Sender<Event>) -> Answer {
    let event = receive(request).await?;
    file.append(&event).await?;
    queue.send(event).await.map_err(|_| "the sink is gone")?;
    answer(StatusCode::ACCEPTED)
}

/// Reads the request and looks at one header.
async fn receive(request: Request<Incoming>) -> Result<Event, crate::Error> {
    let (head, body) = request.into_parts();
    if !head.headers.contains_key("ce-type") {
        return Err("no ce-type".into());
    }
    Ok(Event { headers: head.headers, body: body.collect().await?.to_bytes() })
}

fn answer(status: StatusCode) -> Answer {
    Ok(Response::builder().status(status).body(Empty::new())?)
}
