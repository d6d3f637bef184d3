//! The floors: the least that the same work costs. Two bare programs without routing, retries or state.
//!
//! `forward`: accept, look at one header, hand-held client request to the sink, answer.
//! `durable`: the same, and each event is in a file and synced before it is forwarded.
//!
//! The sink's answer is waited for: handing the event to another task after the 202 costs more, so the floor does not.

mod forward;
mod group_commit;
mod serve;

use group_commit::GroupCommit;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Where a floor sends events, and whether it keeps them first.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    sink: SocketAddr,
    /// A file: each event is appended and synced before it is answered.
    #[arg(long)]
    append: Option<PathBuf>,
}

/// Serves until standard input ends.
pub(crate) fn run(args: &Args) -> Result<(), crate::Error> {
    let file = args.append.as_deref().map(GroupCommit::open).transpose()?.map(Arc::new);
    let runtime = tokio::runtime::Runtime::new()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    println!("listening on http://{}", listener.local_addr()?);
    runtime.spawn(serve::accept(listener, args.sink, file));
    std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink())?;
    runtime.shutdown_background();
    Ok(())
}
