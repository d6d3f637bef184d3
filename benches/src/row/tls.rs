//! What HTTPS costs on connections that are kept. Sinks are spoken to without: it is the way in that is compared.

use super::contest;
use crate::bench::{Bench, Wanted, median};
use crate::measure::{Figures, Load, Sink};
use crate::mesh;
use rcgen::generate_simple_self_signed;
use std::fs;
use tempfile::TempDir;

pub(super) fn run(bench: &mut Bench) -> Result<(), crate::Error> {
    let mut sink = Sink::start()?;
    let folder = TempDir::new_in(&bench.folder)?;
    let (cert, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    let pair = generate_simple_self_signed(["localhost".to_owned()])?;
    fs::write(&cert, pair.cert.pem())?;
    fs::write(&key, pair.signing_key.serialize_pem())?;
    let name = |file: &std::path::Path| file.to_str().map(str::to_owned).ok_or("the folder is not UTF-8");
    let mesh = mesh::broker("bench") + &mesh::trigger("all", "bench", mesh::TYPE, &sink.uri());
    let plain = bench.start(&mesh)?;
    let secure = bench.start_with(&mesh, &["--tls-cert", &name(&cert)?, "--tls-key", &name(&key)?])?;
    let load = Load::saturating("/default/bench", bench.seconds);
    let trusting = Load { trust: Some(cert), ..load.clone() };
    let figures = contest(bench, &mut sink, &[(&plain, load), (&secure, trusting)])?;
    let cost = |of: &[Figures]| median(of, Figures::cpu_per_delivered);
    bench.note("tls", "HTTP", cost(&figures[0]), "us CPU/event", Wanted::Nothing);
    bench.note("tls", "HTTPS", cost(&figures[1]), "us CPU/event", Wanted::Nothing);
    bench.note("tls", "difference", cost(&figures[1]) - cost(&figures[0]), "us CPU/event", Wanted::Nothing);
    Ok(())
}
