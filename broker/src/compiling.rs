//! From the manifests to the tables: whenever something else is declared, everything is compiled anew.

use crate::boot::{StartError, Tables};
use broker_core::{Backend, RoutingTable};
use cli::RunArgs;
use crds::{Compiled, Settings, Severity};
use manifests::{Declared, LastGood, Watch};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// What is declared, compiled, now and after every change.
pub(crate) struct Compiling {
    compiled: watch::Receiver<Arc<Compiled>>,
    tables: Tables,
    reload: mpsc::Sender<()>,
    _following: JoinHandle<()>,
}

impl Compiling {
    /// Reads and compiles once, then follows the files.
    pub(crate) fn start(
        args: &RunArgs,
        backends: &[Arc<dyn Backend>],
        base_url: String,
    ) -> Result<Self, StartError> {
        let settings = settings(args, backends, base_url)?;
        let store =
            LastGood::open(&args.data.join("manifests")).map_err(|e| StartError::failed(e.to_string()))?;
        let watch =
            Watch::start(&args.paths, Some(store)).map_err(|e| StartError::configuration(e.to_string()))?;
        let first = compile(&watch.current(), &settings);
        let (tables, followed) = watch::channel(Arc::new(table(&first, 1)));
        let (sender, compiled) = watch::channel(Arc::new(first));
        // One wish to reload that waits is as good as many.
        let (reload, wishes) = mpsc::channel(1);
        let following = tokio::spawn(follow(watch, settings, sender, tables, wishes));
        Ok(Self { compiled, tables: followed, reload, _following: following })
    }

    pub(crate) fn compiled(&self) -> watch::Receiver<Arc<Compiled>> {
        self.compiled.clone()
    }

    pub(crate) fn now(&self) -> Arc<Compiled> {
        self.compiled.borrow().clone()
    }

    pub(crate) fn tables(&self) -> Tables {
        self.tables.clone()
    }

    /// Reads the files again even if nothing seems to have changed.
    pub(crate) fn reload(&self) {
        // Full: it is about to happen anyway.
        let _ = self.reload.try_send(());
    }
}

async fn follow(
    mut watch: Watch,
    settings: Settings,
    compiled: watch::Sender<Arc<Compiled>>,
    tables: watch::Sender<Arc<RoutingTable>>,
    mut wishes: mpsc::Receiver<()>,
) {
    let mut generation = 1;
    let mut known = problems(&compiled.borrow());
    loop {
        let declared = tokio::select! {
            declared = watch.changed() => declared,
            Some(()) = wishes.recv() => {
                watch.reload();
                continue;
            }
        };
        let Some(declared) = declared else { return };
        let next = compile(&declared, &settings);
        generation += 1;
        known = report(&next, &known);
        tables.send_replace(Arc::new(table(&next, generation)));
        tracing::info!(
            objects = next.objects.len(),
            problems = known.len(),
            generation,
            "the manifests changed"
        );
        compiled.send_replace(Arc::new(next));
    }
}

fn compile(declared: &Declared, settings: &Settings) -> Compiled {
    crds::compile(&declared.index, settings)
}

/// The table with what must not be swept: declared, and only out of force.
fn table(compiled: &Compiled, generation: u64) -> RoutingTable {
    RoutingTable { generation, held: compiled.held.clone(), ..compiled.table.clone() }
}

/// Logs problems that were not there before; returns all of them.
fn report(compiled: &Compiled, known: &BTreeSet<String>) -> BTreeSet<String> {
    for problem in &compiled.problems {
        let text = problem.to_string();
        match problem.severity {
            _ if known.contains(&text) => {}
            Severity::Error => tracing::error!("{text}"),
            Severity::Warning => tracing::warn!("{text}"),
        }
    }
    problems(compiled)
}

fn problems(compiled: &Compiled) -> BTreeSet<String> {
    compiled.problems.iter().map(ToString::to_string).collect()
}

fn settings(args: &RunArgs, backends: &[Arc<dyn Backend>], base_url: String) -> Result<Settings, StartError> {
    let backends: std::collections::BTreeMap<_, _> =
        backends.iter().map(|b| (b.name().to_owned(), b.capabilities())).collect();
    let chosen = &args.compile.channel;
    if !backends.contains_key(chosen) {
        let known: Vec<&str> = backends.keys().map(String::as_str).collect();
        return Err(StartError::configuration(format!(
            "--channel {chosen}: there is no such backend; use {}",
            known.join(" or ")
        )));
    }
    Ok(Settings {
        default_backend: chosen.clone(),
        backends,
        resolve: args.compile.resolve.iter().map(|r| (r.id.clone(), r.url.clone())).collect(),
        base_url,
    })
}
