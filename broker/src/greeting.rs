//! What is said once at the start: where everything is, and a line that works.

use cli::RunArgs;
use crds::{Compiled, Severity};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Prints version, addresses, folder, what is declared, and a `curl` line for the first Broker or Channel.
pub(crate) fn say(args: &RunArgs, events: SocketAddr, admin: Option<SocketAddr>, compiled: &Compiled) {
    println!("sluice {}", env!("CARGO_PKG_VERSION"));
    println!("listening for events on http://{events}");
    if let Some(admin) = admin {
        println!("admin on http://{admin}");
        if !admin.ip().is_loopback() && args.admin_token_file.is_none() {
            println!("only health and metrics there: the admin API off loopback wants `--admin-token-file`");
        }
    }
    println!("data in {}", args.data.display());
    let errors = compiled.problems.iter().filter(|p| p.severity == Severity::Error).count();
    let warnings = compiled.problems.len() - errors;
    println!("{} objects, {errors} problems, {warnings} warnings", compiled.objects.len());
    for problem in &compiled.problems {
        let mark = if problem.severity == Severity::Warning { " (warning)" } else { "" };
        println!("  {problem}{mark}");
    }
    if let Some(target) = compiled.table.routes.keys().next() {
        println!(
            "try: curl -i http://{}/{target} -H 'ce-specversion: 1.0' -H 'ce-id: 1' -H 'ce-source: /me' -H 'ce-type: hello' -H 'content-type: application/json' -d '{{}}'",
            reachable(events)
        );
    }
}

/// An address that a client on this machine can use: a wildcard is none.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port()),
        _ => address,
    }
}
