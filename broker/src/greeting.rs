//! What is said once at the start: where everything is, and a line that works.

use crate::entrance::Entrance;
use cli::RunArgs;
use crds::{Compiled, Severity};
use std::net::SocketAddr;

/// Prints version, addresses, folder, what is declared, and a `curl` line for the first Broker or Channel.
pub(crate) fn say(args: &RunArgs, entrance: &Entrance, admin: Option<SocketAddr>, compiled: &Compiled) {
    println!("sluice {}", env!("CARGO_PKG_VERSION"));
    println!("listening for events on {}://{}", entrance.scheme(), entrance.address());
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
            "try: curl -i{} {}/{target} -H 'ce-specversion: 1.0' -H 'ce-id: 1' -H 'ce-source: /me' -H 'ce-type: hello' -H 'content-type: application/json' -d '{{}}'",
            trust(args, entrance),
            entrance.base_url()
        );
    }
}

/// What `curl` must be told to trust the listener, to find it by the name in its certificate, and to be trusted.
fn trust(args: &RunArgs, entrance: &Entrance) -> String {
    let (Some(tls), Some(cert)) = (&entrance.tls, &args.tls_cert) else { return String::new() };
    let mut flags = format!(" --cacert '{}'", cert.display());
    let (here, authority) = (entrance.reachable(), entrance.authority());
    if authority != here.to_string() && !authority.starts_with("localhost:") {
        flags += &format!(" --resolve {authority}:{}", here.ip());
    }
    if tls.is_mutual() {
        flags += " --cert YOUR-CERTIFICATE --key YOUR-KEY";
    }
    flags
}
