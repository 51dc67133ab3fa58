//! The program in the environment of a real pod: what Kubernetes says there of every Service of the namespace.

use std::process::Command;

use serde_json::{Value, json};

use crate::containers::objects;
use crate::harness::{Home, party};
use crate::read::string;

/// The variables of one Service, as Kubernetes documents them ("Service environment variables", "Docker-compatible links").
fn links(service: &Value, address: &str, links: &mut Vec<(String, String)>) {
    let name = string(&service["metadata"]["name"]).to_uppercase().replace('-', "_");
    let host = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
    links.push((format!("{name}_SERVICE_HOST"), address.to_owned()));
    for (n, port) in service["spec"]["ports"].as_array().expect("ports").iter().enumerate() {
        let number = port["port"].as_u64().expect("a port").to_string();
        let protocol = port["protocol"].as_str().unwrap_or("TCP");
        let lower = protocol.to_lowercase();
        let url = format!("{lower}://{host}:{number}");
        if n == 0 {
            links.push((format!("{name}_SERVICE_PORT"), number.clone()));
            links.push((format!("{name}_PORT"), url.clone()));
        }
        if let Some(word) = port["name"].as_str() {
            links.push((format!("{name}_SERVICE_PORT_{}", word.to_uppercase().replace('-', "_")), number.clone()));
        }
        let link = format!("{name}_PORT_{number}_{protocol}");
        links.push((format!("{link}_PROTO"), lower));
        links.push((format!("{link}_PORT"), number));
        links.push((format!("{link}_ADDR"), address.to_owned()));
        links.push((link, url));
    }
}

/// What a pod finds in its environment: of the Services that we deploy, and of others that somebody may well call so.
fn pod() -> Vec<(String, String)> {
    let mut services: Vec<Value> = objects().into_iter().filter(|object| object["kind"] == "Service").collect();
    assert!(!services.is_empty(), "no Service is deployed: the walk has lost its way");
    let more = [
        ("kubernetes", json!([{ "name": "https", "port": 443 }])),
        ("onefold", json!([{ "name": "http", "port": 7878 }])),
        ("onefold-serve", json!([{ "name": "http", "port": 7878 }, { "name": "http-metrics", "port": 9090 }])),
        ("onefold-http", json!([{ "port": 80 }])),
        (
            "onefold-kafka",
            json!([{ "name": "client", "port": 9092 }, { "name": "dns", "port": 53, "protocol": "UDP" }]),
        ),
        ("onefold-kafka-0", json!([{ "port": 9899, "protocol": "SCTP" }])),
        ("onefold-postgres", json!([{ "name": "postgres", "port": 5432 }])),
        ("onefold-data", json!([{ "name": "file", "port": 2049 }])),
    ];
    services.extend(more.map(|(name, ports)| json!({ "metadata": { "name": name }, "spec": { "ports": ports } })));
    let mut found = Vec::new();
    for (n, service) in services.iter().enumerate() {
        links(service, &format!("10.96.0.{}", n + 1), &mut found);
    }
    links(services.last().expect("a Service"), "fd00:10:96::7", &mut found);
    found
}

#[test]
fn the_program_serves_in_the_environment_of_a_pod() {
    let pod = pod();
    assert!(pod.iter().filter(|(name, _)| name.starts_with("ONEFOLD_")).count() > 40, "{pod:?}");
    let env: Vec<(&str, &str)> = pod.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let home = Home::new();
    let server = home.serve_with(&[], &env);
    assert_eq!(server.batch(&[party("erp:K1", "王伟", &[])]).status, 200);
    server.settle();
    assert_eq!(server.get("/v1/customers/party:erp:K1").status, 200);
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_misspelt_key_is_refused_in_a_pod_too() {
    let check = |name: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onefold"));
        command.args(["config", "check"]).envs(pod()).env(name, "7878").env_remove("ONEFOLD_CONFIG");
        let output = command.output().expect("the program");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for name in ["ONEFOLD_HTTP_LISTN", "ONEFOLD_POSTGRES_ULR", "ONEFOLD_PUBLISH_PORT", "ONEFOLD_SERVICE"] {
        let (code, told) = check(name);
        assert_eq!(code, Some(1), "{name}: {told}");
        assert!(told.contains(&format!("{name} is no key")) && told.matches("is no key").count() == 1, "{told}");
    }
}
