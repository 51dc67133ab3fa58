//! The gate before a real hub: who may pass, and what they reach; and the word that a container gives of its health.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use onefold_testkit::skipped;
use tempfile::TempDir;

use crate::harness::{Home, Server, party};
use crate::read::{deploy, text};

/// A running gate: real nginx with the configuration that containers mount, but for its paths and ports.
struct Gate {
    nginx: Child,
    port: u16,
    home: TempDir,
}

impl Gate {
    fn before(hub: &Server) -> Option<Self> {
        let nginx = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"].map(PathBuf::from);
        let nginx = nginx.into_iter().find(|path| path.exists())?;
        let home = TempDir::new().expect("a directory");
        let secrets = home.path().join("secrets");
        let made = Command::new(deploy("compose-secrets")).arg(&secrets).output().expect("bash");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let (behind, at) = (hub.url.rsplit(':').next().expect("a port"), home.path().display());
        let mut conf = text(&deploy("gate/gate.conf"));
        for (from, to) in [
            ("/run/secrets/", format!("{at}/secrets/")),
            ("/tmp/gate", format!("{at}/gate")),
            ("listen 8443", format!("listen 127.0.0.1:{port}")),
            ("127.0.0.1:7878", format!("127.0.0.1:{behind}")),
            ("serve 7878", format!("serve {behind}")),
            ("project 7879", format!("project {behind}")),
        ] {
            assert!(conf.contains(from), "{from}");
            conf = conf.replace(from, &to);
        }
        let path = home.path().join("gate.conf");
        std::fs::write(&path, conf).expect("a file");
        // Its workers are another user's where this is root: they must reach the passwords.
        open(home.path());
        open(&secrets);
        let said = Stdio::from(std::fs::File::create(home.path().join("said")).expect("a file"));
        let nginx = Command::new(nginx)
            .args(["-e", "/dev/stderr", "-c"])
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(said)
            .spawn()
            .expect("nginx");
        let gate = Self { nginx, port, home };
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(gate);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the gate does not open: {}", text(&gate.home.path().join("said")));
    }

    /// What it answers to `name` with the password of that file: status line, and all else.
    fn ask(&self, request: &str, who: Option<(&str, &str)>) -> (u16, String) {
        let basic = who.map(|(name, file)| {
            let password = text(&self.home.path().join("secrets").join(file));
            let both = base64::Engine::encode(
                &base64::engine::general_purpose::STANDARD,
                format!("{name}:{}", password.trim()),
            );
            format!("Authorization: Basic {both}\r\n")
        });
        let mut client = Command::new("openssl")
            .args([
                "s_client",
                "-quiet",
                "-verify_return_error",
                "-servername",
                "onefold",
                "-verify_hostname",
                "onefold",
            ])
            .arg("-connect")
            .arg(format!("127.0.0.1:{}", self.port))
            .arg("-CAfile")
            .arg(self.home.path().join("secrets/tls.crt"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl");
        let request = format!("{request} HTTP/1.0\r\nHost: onefold\r\n{}\r\n", basic.unwrap_or_default());
        client.stdin.as_mut().expect("its input").write_all(request.as_bytes()).expect("the request");
        let answer = client.wait_with_output().expect("an answer").stdout;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or_else(|| panic!("no answer: {answer:?}")), answer)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        // Asked, so that it ends its workers too.
        let _ = Command::new("kill").args(["-TERM", &self.nginx.id().to_string()]).status();
        let _ = self.nginx.wait();
    }
}

/// Lets servers in that run as users of their own.
pub(crate) fn open(directory: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755)).expect("permissions");
}

const USER: Option<(&str, &str)> = Some(("app", "user_password"));
const WATCHER: Option<(&str, &str)> = Some(("prometheus", "watcher_password"));

#[test]
fn the_gate_lets_each_pass_to_what_is_theirs_and_nobody_else() {
    let home = Home::new();
    // One hook for this machine's own programs, one that a token opens.
    let hook = |name: &str, verify: &str| {
        format!(
            "[connector]\nname = \"{name}\"\nsource = \"shop\"\n[from]\nkind = \"http\"\nverify = {verify}\n[read]\nformat = \"json\"\n\
             [assume]\ntime = \"iso8601\"\n[event.p]\ntype = \"party.recorded.v1\"\nsubject = \"id\"\nid = [\"id\"]\n\
             occurred_at = \"at\"\nset.name.full = \"name\"\n"
        )
    };
    std::fs::create_dir(home.path("hooks")).expect("a directory");
    home.file("hooks/open.toml", hook("open", "\"none\""));
    home.file(
        "hooks/token.toml",
        hook("token", "{ scheme = \"bearer\", secret = { env = \"ONEFOLD_SECRET_TOKEN\" } }"),
    );
    let files = home.path("hooks").display().to_string();
    let hub = home.serve_with(&[], &[("ONEFOLD_CONNECT_FILES", &files), ("ONEFOLD_SECRET_TOKEN", "hush-hush")]);
    let Some(gate) = Gate::before(&hub) else {
        return skipped("the gate of the containers", "install nginx (Debian: apt-get install nginx-light)");
    };
    // The hub itself says who may post to a hook; of one that it has not it answers so.
    for (request, who) in [("POST /v1/hooks/shop", None), ("POST /v1/hooks/shop", USER)] {
        let (status, answer) = gate.ask(request, who);
        assert!(status == 404 && answer.contains("there is no hook `shop`"), "{status} {answer}");
    }
    let (status, answer) = gate.ask("POST /v1/hooks/open", None);
    assert!(status == 403 && answer.contains("passed on"), "{status} {answer}");
    // A sender's own word of who it is reaches the hub.
    let (status, answer) = gate.ask("POST /v1/hooks/token", USER);
    assert!(status == 401 && answer.contains("is not `Bearer`"), "{status} {answer}");
    // A path that comes to a hook's is a hook's to the hub too: what it names otherwise needs a password.
    let (status, answer) = gate.ask("GET /v1/customers/..%2Fhooks%2Fshop", None);
    assert!(status == 405 && answer.contains("/v1/hooks/shop"), "{status} {answer}");
    let find = "GET /v1/customers?q=nobody";
    for (request, who, expected) in [
        (find, USER, 200),
        (find, None, 401),
        (find, WATCHER, 401),
        (find, Some(("app", "watcher_password")), 401),
        ("GET /metrics/serve", WATCHER, 200),
        ("GET /metrics/project", WATCHER, 200),
        ("GET /metrics/serve", USER, 401),
        ("GET /metrics/serve", None, 401),
        ("GET /health/serve", WATCHER, 200),
        ("GET /health/serve", None, 401),
        ("GET /metrics", WATCHER, 403),
        ("GET /", USER, 403),
        ("GET /v1/../metrics", USER, 403),
        ("GET /v1/%2e%2e/metrics/serve", USER, 401),
        ("GET /metrics/nobody", WATCHER, 403),
        // Nobody stands behind this port.
        ("GET /metrics/resolve", WATCHER, 502),
    ] {
        let (status, answer) = gate.ask(request, who);
        assert_eq!(status, expected, "{request} by {who:?}: {answer}");
    }
    let (_, metrics) = gate.ask("GET /metrics/project", WATCHER);
    assert!(metrics.contains("onefold_lag_events{partition=\"0\"} 0"), "{metrics}");
    let (_, health) = gate.ask("GET /health/serve", WATCHER);
    assert!(health.contains("\"status\":\"ok\""), "{health}");
}

#[test]
fn a_container_is_healthy_when_its_hub_says_so() {
    let home = Home::new();
    let hub = home.serve();
    let address = hub.url.strip_prefix("http://").expect("an address").to_owned();
    let healthy = |address: &str| {
        let output = Command::new(deploy("healthy")).env("ONEFOLD_HTTP_LISTEN", address).output().expect("bash");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert_eq!(healthy(&address), (true, String::new()));
    hub.stop();
    assert!(!healthy(&address).0, "it has stopped");
    // The projector sleeps where it would commit.
    let hub = home.serve_with(&[], &[("ONEFOLD_FAILPOINTS", "project.before_commit=sleep(60000)")]);
    let address = hub.url.strip_prefix("http://").expect("an address").to_owned();
    assert_eq!(hub.batch(&[party("erp:K1", "Ann", &[])]).body["accepted"], 1);
    // Those that wait for what it holds are named beside it, some milliseconds earlier or later.
    hub.until("/health", |reply| reply.status == 503 && reply.body.to_string().contains("the projector has finished"));
    let (well, told) = healthy(&address);
    assert!(!well && told.contains("the projector has finished nothing"), "{told}");
    hub.kill();
}
