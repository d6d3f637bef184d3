//! PEM as people have it, and what they read when it is wrong.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use certificates::{Identity, Part, roots};
use rcgen::{CertificateParams, KeyPair};

struct Pair {
    chain: String,
    key: String,
}

fn pair(names: &[&str]) -> Pair {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let key = KeyPair::generate().unwrap();
    let chain = CertificateParams::new(names).unwrap().self_signed(&key).unwrap().pem();
    Pair { chain, key: key.serialize_pem() }
}

fn wrong(chain: &str, key: &str) -> (Part, String) {
    let error = Identity::new(chain.as_bytes(), key.as_bytes()).unwrap_err();
    (error.part(), error.to_string())
}

#[test]
fn a_pair_may_stand_among_other_text_and_blocks() {
    let Pair { chain, key } = pair(&["a"]);
    let other = pair(&["b"]);
    let chatty = format!("subject=a\r\n{}\nissuer=b\n{}", chain.replace('\n', "\r\n"), other.chain);
    Identity::new(chatty.as_bytes(), key.as_bytes()).unwrap();
    let both = format!("{key}{chain}");
    Identity::new(both.as_bytes(), both.as_bytes()).unwrap();
}

#[test]
fn what_is_wrong_is_said_of_the_part_that_is() {
    let (one, two) = (pair(&["a"]), pair(&["b"]));
    let turned = format!("{}{}", two.chain, one.chain);
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let unusable = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    for (chain, key, part, words) in [
        ("", one.key.as_str(), Part::Certificate, "holds no certificate"),
        (&one.key, &one.chain, Part::Certificate, "exchanged"),
        (&one.chain[..80], &one.key, Part::Certificate, "is not PEM"),
        (damaged, &one.key, Part::Certificate, "its certificate 1 cannot be read"),
        (&(one.chain.clone() + damaged), &one.key, Part::Certificate, "its certificate 2 cannot be read"),
        (&one.chain, "", Part::Key, "holds no private key"),
        (&one.chain, &one.chain, Part::Key, "exchanged"),
        (&one.chain, unusable, Part::Key, "cannot be used"),
        (&one.chain, &two.key, Part::Key, "does not belong to the certificate"),
        (&turned, &one.key, Part::Key, "the first certificate of the chain"),
    ] {
        let (found, message) = wrong(chain, key);
        assert_eq!(found, part, "{message}");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn roots_are_all_of_a_text_and_at_least_one() {
    let both = pair(&["a"]).chain + &pair(&["b"]).chain;
    assert_eq!(roots(both.as_bytes()).unwrap().len(), 2);
    assert!(roots(b"").is_err());
    assert!(roots(pair(&["a"]).key.as_bytes()).is_err());
}

#[test]
fn a_url_gets_a_host_that_the_certificate_is_for() {
    let host = |names: &[&str], address: &str| {
        let Pair { chain, key } = pair(names);
        let identity = Identity::new(chain.as_bytes(), key.as_bytes()).unwrap();
        identity.host_for(address.parse().unwrap())
    };
    assert_eq!(host(&["127.0.0.1", "localhost"], "127.0.0.1"), "127.0.0.1");
    assert_eq!(host(&["::1"], "::1"), "[::1]");
    assert_eq!(host(&["shop.example.com", "localhost"], "127.0.0.1"), "localhost");
    assert_eq!(host(&["shop.example.com", "localhost"], "192.0.2.1"), "shop.example.com");
    assert_eq!(host(&["*.example.com", "shop.example.com"], "127.0.0.1"), "shop.example.com");
    assert_eq!(host(&["*.example.com"], "127.0.0.1"), "127.0.0.1");
}

#[test]
fn a_key_is_never_shown() {
    let Pair { chain, key } = pair(&["a"]);
    let shown = format!("{:?}", Identity::new(chain.as_bytes(), key.as_bytes()).unwrap());
    assert_eq!(shown, "Identity { certificates: 1, .. }");
}
