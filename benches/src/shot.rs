//! Requests that are rendered once and stamped before each use.

/// How a request looks.
#[derive(Clone, clap::Args)]
pub(crate) struct Shape {
    /// Path of the target; `{}` becomes a number below `--paths`, in four digits.
    #[arg(long)]
    pub(crate) path: String,
    #[arg(long, default_value_t = 1)]
    pub(crate) paths: u64,
    /// The events' type.
    #[arg(long, default_value = crate::mesh::TYPE)]
    pub(crate) ty: String,
    /// Payload bytes of an event.
    #[arg(long, default_value_t = 256)]
    pub(crate) size: usize,
    /// Events of a request: 1 is binary mode, more is a JSON batch.
    #[arg(long, default_value_t = 1)]
    pub(crate) batch: u64,
}

/// The bytes of a request with the places that change.
pub(crate) struct Shot {
    bytes: Vec<u8>,
    path_at: Option<usize>,
    paths: u64,
    /// Where the id of each event lies, and when it was sent.
    events: Vec<(usize, usize)>,
}

const DIGITS: usize = 20;
const ID: &str = "idididididididididid";
const SENT: &str = "sentsentsentsentsent";

impl Shot {
    pub(crate) fn new(shape: &Shape, host: &str) -> Self {
        let path = shape.path.replace("{}", "0000");
        let bytes = if shape.batch == 1 { binary(shape, &path, host) } else { batch(shape, &path, host) };
        let text = String::from_utf8_lossy(&bytes);
        let places = |word| text.match_indices(word).map(|(at, _)| at);
        let events = places(ID).zip(places(SENT)).collect();
        let path_at = shape.path.find("{}").map(|at| at + "POST ".len());
        Self { path_at, paths: shape.paths, events, bytes }
    }

    /// The request with this number: its events get ids of their own and the time when they were due.
    pub(crate) fn stamped(&mut self, number: u64, due_micros: u64) -> &[u8] {
        if let Some(at) = self.path_at {
            stamp(&mut self.bytes[at..at + 4], number % self.paths);
        }
        let first = number * self.events.len() as u64;
        for (n, &(id, sent)) in self.events.iter().enumerate() {
            stamp(&mut self.bytes[id..id + DIGITS], first + n as u64);
            stamp(&mut self.bytes[sent..sent + DIGITS], due_micros);
        }
        &self.bytes
    }
}

fn stamp(place: &mut [u8], mut value: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

fn binary(shape: &Shape, path: &str, host: &str) -> Vec<u8> {
    let (ty, size, payload) = (&shape.ty, shape.size, "x".repeat(shape.size));
    format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nce-specversion: 1.0\r\nce-id: {ID}\r\nce-source: /benches\r\n\
         ce-type: {ty}\r\nce-sent: {SENT}\r\ncontent-type: text/plain\r\ncontent-length: {size}\r\n\r\n{payload}"
    )
    .into_bytes()
}

fn batch(shape: &Shape, path: &str, host: &str) -> Vec<u8> {
    let (ty, payload) = (&shape.ty, "x".repeat(shape.size));
    let event = format!(
        r#"{{"specversion":"1.0","id":"{ID}","source":"/benches","type":"{ty}","sent":"{SENT}","datacontenttype":"text/plain","data":"{payload}"}}"#
    );
    let events = format!("[{}]", vec![event; shape.batch as usize].join(","));
    let length = events.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/cloudevents-batch+json\r\n\
         content-length: {length}\r\n\r\n{events}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn shape(batch: u64) -> Shape {
        Shape { path: "/default/b{}".to_owned(), paths: 1_000, ty: "t".to_owned(), size: 256, batch }
    }

    #[test]
    fn a_stamped_event_has_its_number_its_time_and_its_path() {
        let mut shot = Shot::new(&shape(1), "sink");
        let text = String::from_utf8(shot.stamped(1_042, 77).to_vec()).unwrap();
        assert!(text.starts_with("POST /default/b0042 HTTP/1.1\r\n"), "{text}");
        assert!(text.contains("ce-id: 00000000000000001042\r\n"), "{text}");
        assert!(text.contains("ce-sent: 00000000000000000077\r\n"), "{text}");
        assert_eq!(text.split_once("\r\n\r\n").unwrap().1.len(), 256);
    }

    #[test]
    fn no_two_events_of_two_batches_share_an_id() {
        let mut shot = Shot::new(&shape(3), "sink");
        let mut ids = Vec::new();
        for number in 0..2 {
            let text = String::from_utf8(shot.stamped(number, 0).to_vec()).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
            let events: Vec<Value> = serde_json::from_str(body).unwrap();
            ids.extend(events.iter().map(|event| event["id"].as_str().unwrap().to_owned()));
        }
        assert_eq!(ids.len(), 6);
        ids.dedup();
        assert_eq!(ids.len(), 6);
    }
}
