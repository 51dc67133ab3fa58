//! What Kubernetes puts into the environment of every pod about each Service: of one that is called `onefold`, or whose
//! name begins so, the variables begin like ours.
//!
//! The names are those of "Service environment variables" and "Docker-compatible links" in the documentation of Kubernetes:
//! `{SVC}_SERVICE_HOST`, `{SVC}_SERVICE_PORT`, `{SVC}_SERVICE_PORT_{NAME}`, `{SVC}_PORT`, `{SVC}_PORT_{n}_{PROTOCOL}` and the
//! same with `_PROTO`, `_PORT` or `_ADDR`, where `{SVC}` is the Service's name in capitals with `_` for `-`.

/// The name of the program as the beginning of a Service's.
const SERVICE: &str = "ONEFOLD";
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// Whether a variable tells of a Service. A misspelt key that only looks like one is none: what Kubernetes says of a
/// Service's port is an address, and not the bare number that somebody would set.
pub(super) fn is_link(name: &str, value: &str) -> bool {
    let Some(rest) = name.strip_prefix(SERVICE).filter(|rest| rest.starts_with('_')) else { return false };
    if rest.ends_with("_SERVICE_HOST") || rest.ends_with("_SERVICE_PORT") {
        return true;
    }
    if rest.ends_with("_PORT") && value.contains("://") {
        return true;
    }
    let named = rest.split_once("_SERVICE_PORT_").is_some_and(|(_, port)| is_port_name(port));
    named || rest.rsplit_once("_PORT_").is_some_and(|(_, port)| is_port_of_link(port))
}

/// A port's name, which is a DNS label, in capitals with `_` for `-`.
fn is_port_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    (1..=63).contains(&text.len()) && text.chars().all(plain) && !text.starts_with('_') && !text.ends_with('_')
}

/// `{n}_{PROTOCOL}`, or that with `_PROTO`, `_PORT` or `_ADDR`.
fn is_port_of_link(text: &str) -> bool {
    let mut parts = text.split('_');
    let port = parts.next().is_some_and(|n| n.parse::<u16>().is_ok());
    let protocol = parts.next().is_some_and(|protocol| PROTOCOLS.contains(&protocol));
    let what = match parts.next() {
        None => true,
        Some(what) => ["PROTO", "PORT", "ADDR"].contains(&what) && parts.next().is_none(),
    };
    port && protocol && what
}

#[cfg(test)]
mod tests {
    use super::is_link;

    #[test]
    fn every_form_of_a_service_whose_name_begins_like_ours_is_known() {
        for service in ["ONEFOLD", "ONEFOLD_SERVE", "ONEFOLD_KAFKA_0", "ONEFOLD_SERVICE", "ONEFOLD_PORT"] {
            for (form, value) in [
                ("SERVICE_HOST", "10.96.3.7"),
                ("SERVICE_PORT", "443"),
                ("SERVICE_PORT_HTTPS", "443"),
                ("SERVICE_PORT_HTTP_METRICS", "9090"),
                ("PORT", "tcp://10.96.3.7:443"),
                ("PORT", "tcp://[fd00::7]:443"),
                ("PORT_443_TCP", "tcp://10.96.3.7:443"),
                ("PORT_443_TCP_PROTO", "tcp"),
                ("PORT_443_TCP_PORT", "443"),
                ("PORT_443_TCP_ADDR", "10.96.3.7"),
                ("PORT_53_UDP_ADDR", "10.96.3.7"),
                ("PORT_9899_SCTP", "sctp://10.96.3.7:9899"),
            ] {
                assert!(is_link(&format!("{service}_{form}"), value), "{service}_{form}={value}");
            }
        }
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for (name, value) in [
            ("ONEFOLD_PORT", "7878"),
            ("ONEFOLD_HTTP_PORT", "7878"),
            ("ONEFOLD_SERVICE", "x"),
            ("ONEFOLD_SERVICE_NAME", "x"),
            ("ONEFOLD_SERVICE_PORT_", "443"),
            ("ONEFOLD_SERVICE_PORT_https", "443"),
            ("ONEFOLD_PORT_443", "443"),
            ("ONEFOLD_PORT_443_HTTP", "tcp://10.96.3.7:443"),
            ("ONEFOLD_PORT_HTTP_TCP", "tcp://10.96.3.7:443"),
            ("ONEFOLD_PORT_443_TCP_HOST", "10.96.3.7"),
            ("ONEFOLD_PORT_443_TCP_ADDR_2", "10.96.3.7"),
            ("ONEFOLD_PORT_70000_TCP", "tcp://10.96.3.7:443"),
            ("ONEFOLDS_SERVICE_HOST", "10.96.3.7"),
            ("KUBERNETES_SERVICE_HOST", "10.96.0.1"),
        ] {
            assert!(!is_link(name, value), "{name}={value}");
        }
    }
}
