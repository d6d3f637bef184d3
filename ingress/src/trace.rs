//! W3C trace context of a request.

use event::TraceContext;
use http::HeaderMap;

/// A longer `tracestate` is left out; the recommendation asks for no more.
const STATE_BYTES: usize = 512;

/// The sender's trace context; `None` when there is none or it is not valid, as the recommendation asks.
pub(crate) fn context(headers: &HeaderMap) -> Option<TraceContext> {
    let mut parents = headers.get_all("traceparent").iter();
    let (Some(parent), None) = (parents.next(), parents.next()) else { return None };
    let parent = parent.to_str().ok().filter(|p| is_parent(p))?;
    Some(TraceContext { parent: parent.to_owned(), state: state(headers) })
}

/// `00-<32 hex>-<16 hex>-<2 hex>`; a later version may go on after a dash.
fn is_parent(parent: &str) -> bool {
    let bytes = parent.as_bytes();
    let lengths = bytes.len() == 55 || (bytes.len() > 55 && bytes[55] == b'-' && !parent.starts_with("00"));
    let hex = |part: &[u8]| part.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let id = |part: &[u8]| hex(part) && part.iter().any(|b| *b != b'0');
    lengths
        && [2, 35, 52].iter().all(|dash| bytes[*dash] == b'-')
        && hex(&bytes[..2])
        && !parent.starts_with("ff")
        && id(&bytes[3..35])
        && id(&bytes[36..52])
        && hex(&bytes[53..55])
}

fn state(headers: &HeaderMap) -> String {
    let parts = headers.get_all("tracestate").iter().filter_map(|v| v.to_str().ok());
    let state = parts.collect::<Vec<_>>().join(",");
    if state.len() > STATE_BYTES { String::new() } else { state }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn context_of(headers: &[(&'static str, &str)]) -> Option<TraceContext> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        context(&map)
    }

    #[test]
    fn parent_and_states_are_kept() {
        let got =
            context_of(&[("traceparent", PARENT), ("tracestate", "a=1"), ("tracestate", "b=2")]).unwrap();
        assert_eq!((got.parent.as_str(), got.state.as_str()), (PARENT, "a=1,b=2"));
    }

    #[test]
    fn what_is_no_parent_is_ignored() {
        let long = format!("{PARENT}-more");
        let future = format!("01{}-more", &PARENT[2..]);
        for bad in [
            "",
            "x",
            &PARENT[..54],
            &long,
            &PARENT.replace('4', "G"),
            &PARENT.replace("00f067aa0ba902b7", "0000000000000000"),
            &PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &format!("ff{}", &PARENT[2..]),
        ] {
            assert_eq!(context_of(&[("traceparent", bad)]), None, "{bad}");
        }
        assert_eq!(context_of(&[("traceparent", PARENT), ("traceparent", PARENT)]), None);
        assert_eq!(context_of(&[("tracestate", "a=1")]), None);
        assert!(context_of(&[("traceparent", &future)]).is_some());
    }

    #[test]
    fn a_long_state_is_left_out() {
        let got = context_of(&[("traceparent", PARENT), ("tracestate", &"s".repeat(513))]).unwrap();
        assert_eq!(got.state, "");
    }
}
