//! Sinks that print: one event, one line (or a block), on the output of this process.

use broker_core::PrintSink;
use event::{Data, Event};
use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Mutex, OnceLock};
use tokio::sync::{mpsc, oneshot};

/// Events that wait to be printed; the next ones wait in their deliveries.
const QUEUE: usize = 256;

type Output = Box<dyn Write + Send>;

/// Prints on a thread of its own, so that an output nobody reads stops nothing else.
pub(crate) struct Printer {
    output: Mutex<Option<Output>>,
    /// The thread starts with the first event.
    jobs: OnceLock<mpsc::Sender<Job>>,
}

struct Job {
    text: String,
    done: oneshot::Sender<Result<(), String>>,
}

impl Printer {
    pub(crate) fn new(output: Output) -> Self {
        Self { output: Mutex::new(Some(output)), jobs: OnceLock::new() }
    }

    /// Prints one event. `Ok`: the output took it.
    pub(crate) async fn print(&self, sink: &PrintSink, event: &Event) -> Result<(), String> {
        let gone = |_| "the output is closed".to_owned();
        let (done, printed) = oneshot::channel();
        let job = Job { text: render(sink, event), done };
        self.jobs().send(job).await.map_err(|e| gone(e.to_string()))?;
        printed.await.map_err(|e| gone(e.to_string()))?
    }

    fn jobs(&self) -> &mpsc::Sender<Job> {
        self.jobs.get_or_init(|| {
            let (sender, receiver) = mpsc::channel(QUEUE);
            if let Some(output) = crate::lock(&self.output).take() {
                // Ends when the printer is dropped and its queue is empty.
                let thread = std::thread::Builder::new().name("print".to_owned());
                if let Err(error) = thread.spawn(move || write_all(receiver, output)) {
                    tracing::error!(%error, "no thread for printing: events to log sinks will fail");
                }
            }
            sender
        })
    }
}

/// Writes what has gathered, flushes once, and says so.
fn write_all(mut jobs: mpsc::Receiver<Job>, mut output: Output) {
    let mut batch = Vec::new();
    while jobs.blocking_recv_many(&mut batch, QUEUE) > 0 {
        let text: String = batch.iter().map(|job| job.text.as_str()).collect();
        let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
        let written = written.map_err(|e| format!("the output could not be written: {e}"));
        for job in batch.drain(..) {
            // A delivery that gave up does not listen any more.
            let _ = job.done.send(written.clone());
        }
    }
}

fn render(sink: &PrintSink, event: &Event) -> String {
    let mut text = String::with_capacity(256);
    push(&mut text, if sink.logger.is_empty() { &sink.name } else { &sink.logger });
    text.push_str(": ");
    push(&mut text, event.ty());
    let separator = if sink.multiline { "\n  " } else { " " };
    if sink.show_headers {
        for attribute in event.attributes().filter(|a| !matches!(a.name, "type" | "specversion")) {
            let equals = if sink.multiline { ": " } else { "=" };
            let _ = write!(text, "{separator}{}{equals}", attribute.name);
            push(&mut text, attribute.value);
        }
    }
    if sink.show_body && !event.data().is_absent() {
        text.push_str(separator);
        push_data(&mut text, event.data(), sink.multiline);
    }
    text.push('\n');
    text
}

/// Text as it is, without the characters that steer a terminal; anything else by its size.
fn push_data(text: &mut String, data: &Data, multiline: bool) {
    let bytes = data.bytes();
    let Ok(utf8) = std::str::from_utf8(bytes) else {
        let _ = write!(text, "({} bytes)", bytes.len());
        return;
    };
    if !multiline {
        return push(text, utf8);
    }
    for (index, line) in utf8.lines().enumerate() {
        if index > 0 {
            text.push_str("\n  ");
        }
        push(text, line);
    }
}

fn push(text: &mut String, value: &str) {
    for c in value.chars() {
        if c.is_control() {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn sink() -> PrintSink {
        PrintSink {
            name: "shop/log".to_owned(),
            logger: String::new(),
            show_headers: true,
            show_body: true,
            multiline: false,
        }
    }

    fn event(data: &'static [u8]) -> Event {
        Event::builder()
            .set("id", "1")
            .set("source", "/s")
            .set("type", "order")
            .set("subject", "red\u{1f980}")
            .data(Data::Bytes(data.into()))
            .build()
            .unwrap()
    }

    #[test]
    fn an_event_is_one_line_or_a_block() {
        let event = event(b"{\"a\":1}\n{}");
        let line = render(&sink(), &event);
        assert_eq!(line, "shop/log: order id=1 source=/s subject=red\u{1f980} {\"a\":1}\\n{}\n");
        let block = render(&PrintSink { multiline: true, ..sink() }, &event);
        assert_eq!(
            block,
            "shop/log: order\n  id: 1\n  source: /s\n  subject: red\u{1f980}\n  {\"a\":1}\n  {}\n"
        );
        let bare = PrintSink { show_headers: false, show_body: false, logger: "audit".to_owned(), ..sink() };
        assert_eq!(render(&bare, &event), "audit: order\n");
    }

    #[test]
    fn a_payload_cannot_steer_the_terminal() {
        assert!(render(&sink(), &event(b"\x1b[2J\x07")).ends_with(" \\u{1b}[2J\\u{7}\n"));
        assert!(render(&sink(), &event(b"\xff\xfe")).ends_with(" (2 bytes)\n"));
    }

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn printed_means_that_the_output_took_it() {
        let paper = Paper::default();
        let printer = Printer::new(Box::new(paper.clone()));
        printer.print(&sink(), &event(b"hi")).await.unwrap();
        let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        assert!(text.ends_with(" hi\n"), "{text}");
        let refused = Printer::new(Box::new(Closed)).print(&sink(), &event(b"hi")).await.unwrap_err();
        assert!(refused.contains("could not be written"), "{refused}");
    }
}
