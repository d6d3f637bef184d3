//! The SDKs, and what is peculiar to each of them as a whole.

use tests::toolchain::{Program, go, java, javascript, python};

/// An SDK with the HTTP server and client that its users take.
#[derive(Debug)]
pub(super) struct Sdk {
    pub(super) name: &'static str,
    build: fn() -> Program,
    pub(super) writes: HeaderWriter,
    pub(super) reads: HeaderReader,
    /// Digits of a second that survive it.
    pub(super) time_digits: usize,
    /// It gives the current time to an event that has none (that of Go not in a batch).
    pub(super) adds_time: bool,
}

/// How attributes become header values in binary mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderWriter {
    /// Percent-encoded, as the HTTP binding says.
    Encodes,
    /// UTF-8 as it is.
    Utf8,
    /// Latin-1, which sluice refuses if it is not ASCII; what is not Latin-1 not at all.
    Latin1,
    /// ASCII, with `?` for the rest of Latin-1; what is not Latin-1 not at all.
    Ascii,
}

/// What header values become attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HeaderReader {
    /// Takes off the percent-encoding, as the HTTP binding says.
    pub(super) decodes: bool,
    /// Its HTTP server makes a character of each byte.
    pub(super) latin1: bool,
}

/// A content mode to send in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Binary,
    Structured,
    Batch,
}

pub(super) static ALL: [Sdk; 4] = [
    Sdk {
        name: "go",
        build: || go::build("sdks/go", ".").into(),
        writes: HeaderWriter::Utf8,
        reads: HeaderReader { decodes: false, latin1: false },
        time_digits: 9,
        adds_time: true,
    },
    Sdk {
        name: "python",
        build: || python::install("sdks/python"),
        writes: HeaderWriter::Encodes,
        reads: HeaderReader { decodes: true, latin1: true },
        time_digits: 6,
        adds_time: true,
    },
    Sdk {
        name: "javascript",
        build: || javascript::install("sdks/javascript"),
        writes: HeaderWriter::Latin1,
        reads: HeaderReader { decodes: false, latin1: true },
        time_digits: 3,
        adds_time: true,
    },
    Sdk {
        name: "java",
        build: || java::build("sdks/java"),
        writes: HeaderWriter::Ascii,
        reads: HeaderReader { decodes: false, latin1: true },
        time_digits: 9,
        adds_time: false,
    },
];

/// Builds the programs, side by side.
pub(super) async fn programs() -> Vec<(&'static Sdk, Program)> {
    let building = ALL.each_ref().map(|sdk| (sdk, tokio::task::spawn_blocking(sdk.build)));
    let mut programs = Vec::new();
    for (sdk, program) in building {
        programs.push((sdk, program.await.expect("it builds")));
    }
    programs
}

impl Mode {
    pub(super) const ALL: [Self; 3] = [Self::Binary, Self::Structured, Self::Batch];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Structured => "structured",
            Self::Batch => "batch",
        }
    }
}
