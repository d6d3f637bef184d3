//! Where commands print: results to standard output, everything else to standard error.

use crate::error::{CliError, Exit};
use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For programs and people.
    Yaml,
}

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const UNSURE: Style = AnsiColor::Yellow.on_default();
pub(crate) const NAME: Style = AnsiColor::Cyan.on_default().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();

/// Both standard streams, and what they can show.
pub(crate) struct Output {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    colour: bool,
    err_colour: bool,
    bars: bool,
}

impl Output {
    /// The process's own streams.
    pub(crate) fn standard() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self {
            colour: wanted && io::stdout().is_terminal(),
            err_colour: wanted && io::stderr().is_terminal(),
            bars: io::stderr().is_terminal(),
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
        }
    }

    pub(crate) fn colour(&self) -> bool {
        self.colour
    }

    /// One line of the result.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.out, "{}", text.as_ref())
    }

    /// The bytes of a result that is no lines.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    /// A remark that is not part of the result.
    pub(crate) fn note(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.err, "{}", text.as_ref())
    }

    /// The whole result as one document; [`Format::Text`] is the caller's business.
    pub(crate) fn document(&mut self, format: Format, value: &impl Serialize) -> Result<(), CliError> {
        let text = match format {
            Format::Yaml => yaml(value)?,
            Format::Text | Format::Json => serde_json::to_string_pretty(value).map_err(unprintable)? + "\n",
        };
        Ok(self.raw(text.as_bytes())?)
    }

    /// One of many results: a line of JSON, or a YAML document.
    pub(crate) fn item(&mut self, format: Format, value: &impl Serialize) -> Result<(), CliError> {
        let text = match format {
            Format::Yaml => format!("---\n{}", yaml(value)?),
            Format::Text | Format::Json => serde_json::to_string(value).map_err(unprintable)? + "\n",
        };
        Ok(self.raw(text.as_bytes())?)
    }

    /// The text in a colour, where there are colours.
    pub(crate) fn paint(&self, style: Style, text: impl AsRef<str>) -> String {
        let text = text.as_ref();
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// A bar for long work; shows nothing where nobody looks.
    pub(crate) fn bar(&self, length: u64) -> ProgressBar {
        let target = if self.bars { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {per_sec} {eta}")
            .expect("the template is well formed");
        ProgressBar::with_draw_target(Some(length), target).with_style(style)
    }

    /// True when bars are seen, so that lines of results would tear them.
    pub(crate) fn shows_bars(&self) -> bool {
        self.bars
    }

    /// Says what went wrong, if something did, and how to exit.
    pub(crate) fn conclude(&mut self, result: Result<Exit, CliError>) -> Exit {
        let flushed = self.out.flush().map_err(CliError::from);
        let error = match result.and_then(|exit| flushed.map(|()| exit)) {
            Ok(exit) => return exit,
            Err(error) => error,
        };
        if error.exit() != Exit::Done {
            let style = if self.err_colour { BAD } else { Style::new() };
            // Nobody can be told that nobody can be told.
            let _ = writeln!(self.err, "{style}error:{style:#} {error}");
        }
        error.exit()
    }
}

fn yaml(value: &impl Serialize) -> Result<String, CliError> {
    // Through a value: raw JSON inside is then written as YAML too.
    let value = serde_json::to_value(value).map_err(unprintable)?;
    serde_saphyr::to_string(&value)
        .map_err(|error| CliError::Failed(format!("cannot be written as YAML: {error}")))
}

fn unprintable(error: serde_json::Error) -> CliError {
    CliError::Output(error.into())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// What a command printed.
    #[derive(Clone, Default)]
    pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Captured {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// An output without colours, and what is written to its two streams.
    pub(crate) fn captured() -> (Output, Captured, Captured) {
        let (out, err) = (Captured::default(), Captured::default());
        let output = Output {
            out: Box::new(out.clone()),
            err: Box::new(err.clone()),
            colour: false,
            err_colour: false,
            bars: false,
        };
        (output, out, err)
    }

    /// As [`captured`], on a terminal.
    pub(crate) fn captured_in_colour() -> (Output, Captured) {
        let (output, out, _) = captured();
        (Output { colour: true, ..output }, out)
    }

    #[test]
    fn an_error_is_one_line_and_a_closed_pipe_is_none() {
        let (mut out, _, err) = captured();
        assert_eq!(out.conclude(Err(CliError::NoServer("nobody is there".to_owned()))), Exit::NoServer);
        assert_eq!(err.text(), "error: nobody is there\n");
        let (mut out, _, err) = captured();
        let closed = io::Error::from(io::ErrorKind::BrokenPipe);
        assert_eq!(out.conclude(Err(closed.into())), Exit::Done);
        assert_eq!(err.text(), "");
    }

    #[test]
    fn colours_are_for_terminals() {
        assert_eq!(captured().0.paint(GOOD, "yes"), "yes");
        assert_eq!(captured_in_colour().0.paint(GOOD, "yes"), "\u{1b}[32myes\u{1b}[0m");
    }

    #[test]
    fn one_document_or_one_line_each() {
        let (mut out, text, _) = captured();
        let value = serde_json::json!({ "a": 1 });
        out.document(Format::Json, &value).unwrap();
        out.item(Format::Json, &value).unwrap();
        out.item(Format::Yaml, &value).unwrap();
        assert_eq!(text.text(), "{\n  \"a\": 1\n}\n{\"a\":1}\n---\na: 1\n");
    }
}
