use super::house::sluice;
use crate::commands::{Cli, Command};
use crate::error::Exit;
use clap::{CommandFactory, Parser};
use serde_json::json;
use std::time::Duration;

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn the_first_help_is_one_screen() {
    let help = Cli::command().term_width(80).render_help().to_string();
    let want = "\
A durable CloudEvents broker that runs Knative manifests

Usage: sluice <COMMAND>

Commands:
  run         Run a mesh from manifests: events in, deliveries, admin API
  check       Say what is wrong with manifests
  send        Send events
  sink        Receive events and print them
  tail        Print events as they are accepted
  get         List objects with their status
  explain     Say which triggers an event matches, and why
  dlq         List, show, redrive and purge dead letters
  completion  Print the completion script of a shell
  version     Print the version

Options:
  -h, --help     Print help
  -V, --version  Print version

Examples:
  sluice run ./manifests                            run what a folder declares
  sluice send default/shop --type order --data 7    send an event
  sluice get -A                                     what is there, how it is
  sluice dlq list                                   what was not delivered

Commands that talk to a running server find it by --server or SLUICE_SERVER.
";
    assert_eq!(help, want);
}

#[test]
fn every_command_has_examples_and_says_what_each_flag_does() {
    let cli = Cli::command();
    let mut commands: Vec<_> = cli.get_subcommands().cloned().collect();
    commands.extend(cli.find_subcommand("dlq").unwrap().get_subcommands().cloned());
    for command in &mut commands {
        let name = command.get_name().to_owned();
        let help = command.render_long_help().to_string();
        assert!(help.contains("Examples:\n  "), "{name}");
        let examples = command.get_after_help().unwrap().to_string();
        assert!(examples.lines().all(|line| line.chars().count() <= 80), "{name}: {examples}");
        for flag in command.get_arguments() {
            assert!(flag.get_help().is_some(), "{name}: {}", flag.get_id());
        }
    }
}

#[test]
fn every_flag_of_run_is_a_variable_too() {
    let cli = Cli::command();
    let run = cli.find_subcommand("run").unwrap();
    let flags: Vec<_> =
        run.get_arguments().filter_map(|flag| Some((flag.get_long()?, flag.get_env()?))).collect();
    for (flag, variable) in &flags {
        assert_eq!(variable.to_str().unwrap(), format!("SLUICE_{}", flag.replace('-', "_").to_uppercase()));
    }
    let flags: Vec<&str> = flags.into_iter().map(|(flag, _)| flag).collect();
    let want = [
        "resolve",
        "channel",
        "listen",
        "admin",
        "data",
        "max-event-size",
        "drain-timeout",
        "keep-removed",
        "tls-cert",
        "tls-key",
        "tls-client-ca",
        "ca-bundle",
        "admin-token-file",
        "log-format",
        "log",
    ];
    assert_eq!(flags, want);
}

#[test]
fn run_knows_its_defaults() {
    let Command::Run(run) = Cli::try_parse_from(["sluice", "run"]).unwrap().command else { panic!() };
    assert_eq!(run.paths, [std::path::PathBuf::from(".")]);
    assert_eq!(
        (run.listen.to_string(), run.admin.to_string()),
        ("127.0.0.1:8080".into(), "127.0.0.1:9090".into())
    );
    assert_eq!((run.max_event_size, run.drain_timeout), (1 << 20, Duration::from_secs(30)));
    assert_eq!(run.keep_removed, Duration::from_secs(86_400));
}

#[test]
fn wrong_usage_names_the_flag() {
    for (typed, names) in [
        (vec!["run", "--listen", "8080"], "--listen"),
        (vec!["run", "--max-event-size", "lots"], "--max-event-size"),
        (vec!["run", "--tls-cert", "tls.crt"], "--tls-key"),
        (vec!["run", "--tls-client-ca", "ca.crt"], "--tls-cert"),
        (vec!["run", "--resolve", "Service/bill=x"], "KIND/NS/NAME=URL"),
        (vec!["send"], "<TARGET>"),
        (vec!["send", "x", "--batch", "2", "--mode", "structured"], "--batch"),
        (vec!["dlq", "purge", "--all", "--type", "x"], "--all"),
        (vec!["sink", "--status", "99"], "--status"),
        (vec!["sned"], "send"),
    ] {
        let error = Cli::try_parse_from(["sluice"].iter().chain(&typed)).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{typed:?}");
        assert!(error.to_string().contains(names), "{typed:?}: {error}");
    }
}

#[tokio::test]
async fn the_version_is_said() {
    assert_eq!(sluice(&["version"]).await.out, "sluice 0.1.0\n");
    assert_eq!(sluice(&["version", "-o", "json"]).await.json(), json!({ "version": "0.1.0" }));
}

#[tokio::test]
async fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let done = sluice(&["completion", shell]).await;
        assert_eq!(done.exit, Exit::Done);
        assert!(done.out.contains("explain") && done.out.contains("fail-first"), "{shell}");
    }
}
