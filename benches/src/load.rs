//! The load: connections that post as fast as they are answered, or at a fixed rate whatever the answers do.

use crate::shot::{Shape, Shot};
use crate::sink::now_micros;
use crate::wire::Wire;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// What is sent, how fast, how long.
#[derive(Clone, clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    target: SocketAddr,
    /// PEM: HTTPS, with this certificate and no other.
    #[arg(long)]
    trust: Option<PathBuf>,
    #[command(flatten)]
    shape: Shape,
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Requests a second over all connections; 0: as fast as they are answered.
    #[arg(long, default_value_t = 0)]
    rate: u64,
    #[arg(long, default_value_t = u64::MAX)]
    requests: u64,
    #[arg(long, default_value_t = 1e9)]
    seconds: f64,
}

/// The plan that all connections share.
struct Plan {
    args: Args,
    tls: Option<TlsConnector>,
    start: Instant,
    next: AtomicU64,
    /// One for each request that is due and not yet taken; not used without a rate.
    due: Semaphore,
}

/// What one connection saw.
#[derive(Default)]
struct Seen {
    accepted: u64,
    refused: u64,
}

/// Runs the load and prints what was accepted as one line of JSON.
pub(crate) fn run(args: &Args) -> Result<(), crate::Error> {
    let plan = Arc::new(Plan {
        args: args.clone(),
        tls: args.trust.as_deref().map(trusting).transpose()?,
        start: Instant::now(),
        next: AtomicU64::new(0),
        due: Semaphore::new(0),
    });
    if args.rate > 0 {
        let pacing = plan.clone();
        thread::spawn(move || pacing.pace());
    }
    // One thread: waking others would cost more than the work.
    let seen = Builder::new_current_thread().enable_io().build()?.block_on(drive_all(&plan))?;
    let cpu = crate::proc::cpu(std::process::id())?.as_secs_f64();
    println!("{}", json!({ "accepted": seen.accepted, "refused": seen.refused, "cpu": cpu }));
    Ok(())
}

async fn drive_all(plan: &Arc<Plan>) -> Result<Seen, crate::Error> {
    let mut connections: JoinSet<_> = (0..plan.args.connections).map(|_| drive(plan.clone())).collect();
    let mut all = Seen::default();
    while let Some(seen) = connections.join_next().await {
        let seen = seen??;
        all.accepted += seen.accepted;
        all.refused += seen.refused;
    }
    Ok(all)
}

async fn drive(plan: Arc<Plan>) -> Result<Seen, crate::Error> {
    let mut seen = Seen::default();
    let mut wire = Wire::connect(plan.args.target, plan.tls.as_ref()).await?;
    let mut shot = Shot::new(&plan.args.shape, &plan.args.target.to_string());
    while let Some((number, due)) = plan.next().await {
        let late = plan.start.elapsed().saturating_sub(due).as_micros() as u64;
        wire.send(shot.stamped(number, now_micros() - late)).await?;
        let status = wire.receive().await?.ok_or("the server closed the connection")?.status()?;
        if status == 202 {
            seen.accepted += plan.args.shape.batch;
        } else {
            seen.refused += plan.args.shape.batch;
        }
    }
    Ok(seen)
}

fn trusting(file: &Path) -> Result<TlsConnector, crate::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file)?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()).into())
}

impl Plan {
    /// The next request and when it is due, counted from the start; waits until then.
    async fn next(&self) -> Option<(u64, Duration)> {
        let number = self.next.fetch_add(1, Relaxed);
        let due = if self.args.rate == 0 { self.start.elapsed() } else { self.due(number) };
        if !self.includes(number, due) {
            return None;
        }
        if self.args.rate > 0 {
            self.due.acquire().await.ok()?.forget();
        }
        Some((number, due))
    }

    fn includes(&self, number: u64, due: Duration) -> bool {
        number < self.args.requests && due.as_secs_f64() < self.args.seconds
    }

    fn due(&self, number: u64) -> Duration {
        Duration::from_nanos(number * 1_000_000_000 / self.args.rate)
    }

    /// Says when requests are due. A thread of its own, because tokio's timers tick in milliseconds.
    fn pace(&self) {
        for number in 0.. {
            let due = self.due(number);
            if !self.includes(number, due) {
                return;
            }
            thread::sleep(due.saturating_sub(self.start.elapsed()));
            self.due.add_permits(1);
        }
    }
}
