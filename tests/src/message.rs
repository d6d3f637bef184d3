//! An event as a test writes it down.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Headers and body of a message; made as a binary event, bent by the test into whatever it needs.
#[derive(Clone, Debug)]
pub struct Message {
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Message {
    /// A valid event in binary mode with an empty JSON object.
    #[must_use]
    pub fn new(id: &str, ty: &str) -> Self {
        let empty = Self { headers: HeaderMap::new(), body: Bytes::from_static(b"{}") };
        empty
            .header("ce-specversion", "1.0")
            .header("ce-id", id)
            .header("ce-source", "/story")
            .header("ce-type", ty)
            .header("content-type", "application/json")
    }

    /// A structured event, a batch, or something that claims to be one.
    #[must_use]
    pub fn json(content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { headers: HeaderMap::new(), body: body.into() }.header("content-type", content_type)
    }

    /// Sets a header.
    ///
    /// # Panics
    /// When it cannot be one.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a header name");
        self.headers.insert(name, HeaderValue::from_str(value).expect("a header value"));
        self
    }

    /// Removes a header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// Sets the payload.
    #[must_use]
    pub fn data(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}
