//! `sluice get`: the objects and how they are.

mod age;
mod kind;
mod rows;

use crate::connection::Connection;
use crate::display;
use crate::error::{CliError, Exit};
use crate::output::{Format, Output};
use crds::Problem;
use kind::Wanted;
use serde_json::{Value, json};

const EXAMPLES: &str = "\
Examples:
  sluice get                       everything in the namespace default
  sluice get triggers -A           in all namespaces
  sluice get broker shop -o yaml   one object with its whole status
  sluice get br,tr -o wide         two kinds, more columns

What is wrong with the manifests of these objects follows on standard error.

Short names: br (broker), tr (trigger), ch (channel), sub (subscription),
imc (inmemorychannel), is (integrationsink), svc (service), cm (configmap),
sec (secret).";

/// Flags of `sluice get`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Kind, short or long, several with commas; or KIND/NAME
    kind: Option<String>,
    /// Name; all when left out
    name: Option<String>,
    /// Namespace
    #[arg(short, long, default_value = "default", value_name = "NS")]
    namespace: String,
    /// All namespaces
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// How they are printed
    #[arg(short, long, value_name = "wide|json|yaml|name", hide_possible_values = true)]
    output: Option<Layout>,
    #[command(flatten)]
    connection: Connection,
}

/// What `-o` takes here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Layout {
    Wide,
    Json,
    Yaml,
    Name,
}

pub(crate) async fn run(args: Args, out: &mut Output) -> Result<Exit, CliError> {
    let wanted = Wanted::parse(args.kind.as_deref(), args.name.as_deref())?;
    let client = args.connection.client()?;
    let mut objects = client.objects().await?;
    wanted.check_kinds(&objects)?;
    objects.retain(|object| {
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
        wanted.takes(object) && (args.all_namespaces || namespace == args.namespace)
    });
    if let (Some(name), true) = (&wanted.name, objects.is_empty()) {
        let place = if args.all_namespaces { "any namespace" } else { &args.namespace };
        return Err(CliError::Failed(format!(
            "no {} `{name}` in {place}; `sluice get -A` lists all",
            wanted.kinds()
        )));
    }
    print(&args, &wanted, &objects, out)?;
    if matches!(args.output, None | Some(Layout::Wide)) {
        for problem in client.problems().await?.iter().filter(|problem| concerns(problem, &objects)) {
            out.note(display::problem(problem))?;
        }
    }
    Ok(Exit::Done)
}

/// Whether it is about one of these objects, or about a file: then nobody knows about which.
fn concerns(problem: &Problem, objects: &[Value]) -> bool {
    let is_it = |object: &Value| {
        let metadata = &object["metadata"];
        object["kind"] == problem.kind.as_str()
            && metadata["namespace"] == problem.namespace.as_str()
            && metadata["name"] == problem.name.as_str()
    };
    problem.kind.is_empty() || objects.iter().any(is_it)
}

fn print(args: &Args, wanted: &Wanted, objects: &[Value], out: &mut Output) -> Result<(), CliError> {
    let format = match args.output {
        Some(Layout::Json) => Format::Json,
        Some(Layout::Yaml) => Format::Yaml,
        Some(Layout::Name) => {
            objects.iter().try_for_each(|object| out.line(kind::qualified_name(object)))?;
            return Ok(());
        }
        None | Some(Layout::Wide) if objects.is_empty() => {
            let place = if args.all_namespaces { "any" } else { &args.namespace };
            return Ok(out.note(format!("No resources found in {place} namespace."))?);
        }
        None | Some(Layout::Wide) => {
            let wide = args.output == Some(Layout::Wide);
            return rows::print(objects, wide, args.all_namespaces, wanted.is_one_kind(), out);
        }
    };
    match (&wanted.name, objects) {
        (Some(_), [one]) => out.document(format, one),
        _ => out.document(format, &json!({ "apiVersion": "v1", "kind": "List", "items": objects })),
    }
}
