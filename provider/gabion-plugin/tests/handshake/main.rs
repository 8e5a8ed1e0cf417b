//! The handshake from both ends: a plugin process, and a client that connects as core does.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod tiny;

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use gabion_plugin::client::connect;
use gabion_plugin::handshake::{Announcement, COOKIE_NAME, COOKIE_VALUE};
use gabion_plugin::proto::health::{HealthCheckRequest, health_client::HealthClient};
use gabion_plugin::proto::plugin::grpc_broker_client::GrpcBrokerClient;
use gabion_plugin::proto::plugin::grpc_controller_client::GrpcControllerClient;
use gabion_plugin::proto::plugin::grpc_stdio_client::GrpcStdioClient;
use gabion_plugin::proto::plugin::{ConnInfo, Empty};
use gabion_plugin::proto::tfplugin6 as pb;
use gabion_plugin::proto::tfplugin6::provider_client::ProviderClient;
use gabion_plugin::serve::MAX_MESSAGE;
use gabion_plugin::tls::Identity;
use gabion_plugin::{ServeOptions, serve};

const SERVE: &str = "GABION_TEST_SERVE";

/// Not a test: this binary, started again by the others, is the plugin.
#[test]
fn plugin_process() {
    if let Some(how) = std::env::var_os(SERVE) {
        gabion_plugin::log::init();
        let address = "example.com/a/tiny".to_owned();
        let options = ServeOptions {
            address,
            debug: how == "debug",
            ..ServeOptions::default()
        };
        let service = tiny::Tiny {
            stop: tokio_util::sync::CancellationToken::new(),
        };
        let code = serve(service, options);
        std::process::exit(i32::from(code != std::process::ExitCode::SUCCESS));
    }
}

struct Plugin {
    child: Child,
    parent: tempfile::TempDir,
    log: Option<std::thread::JoinHandle<String>>,
}

impl Drop for Plugin {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(env: &[(&str, &str)]) -> Plugin {
    let parent = tempfile::tempdir().unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "plugin_process", "--nocapture"])
        .env(SERVE, "1")
        .env("PLUGIN_UNIX_SOCKET_DIR", parent.path())
        .env("TF_LOG", "trace")
        .env("GABION_LOG", "trace")
        .envs(env.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    Plugin {
        child,
        parent,
        log: None,
    }
}

fn start_for(identity: &Identity) -> (Plugin, Announcement) {
    let pem = identity.certificate_pem();
    let env = [
        (COOKIE_NAME, COOKIE_VALUE),
        ("PLUGIN_PROTOCOL_VERSIONS", "5,6"),
        ("PLUGIN_CLIENT_CERT", &pem),
    ];
    let mut plugin = start(&env);
    // The test harness prints a line or two of its own first.
    let line = BufReader::new(plugin.child.stdout.as_mut().unwrap())
        .lines()
        .map_while(Result::ok)
        .find(|line| line.starts_with("1|"))
        .expect("a handshake line");
    // Standard error must not fill up.
    let mut stderr = plugin.child.stderr.take().unwrap();
    plugin.log = Some(std::thread::spawn(move || {
        let mut log = String::new();
        let _ = stderr.read_to_string(&mut log);
        log
    }));
    (plugin, Announcement::from_line(&line).unwrap())
}

impl Plugin {
    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    fn wait(&mut self, limit: Duration) -> Option<i32> {
        let start = Instant::now();
        while start.elapsed() < limit {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the plugin still ran after {limit:?}");
    }

    fn leftovers(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.parent.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect()
    }
}

#[tokio::test]
async fn a_whole_life() {
    let identity = Identity::generate_p521().unwrap();
    let (mut plugin, announced) = start_for(&identity);
    assert_eq!(
        (announced.protocol, announced.network.as_str()),
        (6, "unix")
    );
    let dir = Path::new(&announced.address).parent().unwrap().to_owned();
    assert_eq!(dir.parent().unwrap(), plugin.parent.path());
    assert_eq!(dir.metadata().unwrap().permissions().mode() & 0o777, 0o700);

    let channel = connect(&announced, &identity).await.unwrap();
    let mut health = HealthClient::new(channel.clone());
    let answer = health
        .check(HealthCheckRequest {
            service: "plugin".to_owned(),
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.status().as_str_name(), "SERVING");
    assert!(
        health
            .check(HealthCheckRequest {
                service: "other".to_owned()
            })
            .await
            .is_err()
    );

    // Core opens both streams and leaves them open: neither may fail, nor hold up the end.
    let mut stdio = GrpcStdioClient::new(channel.clone())
        .stream_stdio(())
        .await
        .unwrap()
        .into_inner();
    let asked = futures::stream::pending::<ConnInfo>();
    let mut broker = GrpcBrokerClient::new(channel.clone())
        .start_stream(asked)
        .await
        .unwrap()
        .into_inner();
    let quiet = Duration::from_millis(100);
    assert!(tokio::time::timeout(quiet, stdio.message()).await.is_err());
    assert!(tokio::time::timeout(quiet, broker.message()).await.is_err());

    let mut provider = ProviderClient::new(channel.clone()).max_decoding_message_size(MAX_MESSAGE);
    let schema = provider
        .get_provider_schema(pb::get_provider_schema::Request {})
        .await
        .unwrap()
        .into_inner();
    assert!(prost::Message::encoded_len(&schema) > 5 << 20);

    // A request over 4 MiB as well.
    let config = Some(pb::DynamicValue {
        msgpack: vec![0; 5 << 20],
        json: Vec::new(),
    });
    provider
        .validate_provider_config(pb::validate_provider_config::Request { config })
        .await
        .unwrap();

    // Ctrl-C, twice.
    plugin.signal(rustix::process::Signal::INT);
    plugin.signal(rustix::process::Signal::INT);
    tokio::time::sleep(Duration::from_millis(200)).await;
    provider
        .get_metadata(pb::get_metadata::Request {})
        .await
        .unwrap();

    GrpcControllerClient::new(channel.clone())
        .shutdown(Empty {})
        .await
        .unwrap();
    assert_eq!(plugin.wait(Duration::from_secs(2)), Some(0));
    assert!(plugin.leftovers().is_empty());
}

#[tokio::test]
async fn another_certificate_is_refused() {
    let identity = Identity::generate_p521().unwrap();
    let (_plugin, announced) = start_for(&identity);
    let other = Identity::generate_p521().unwrap();
    let request = || pb::get_metadata::Request {};
    let refused = match connect(&announced, &other).await {
        // In TLS 1.3 the client learns of it with the first answer.
        Ok(channel) => ProviderClient::new(channel)
            .get_metadata(request())
            .await
            .is_err(),
        Err(_) => true,
    };
    assert!(refused);
    // A client that pins another server refuses in its turn.
    let fake = Announcement {
        certificate: other.certificate().clone(),
        ..announced.clone()
    };
    assert!(connect(&fake, &identity).await.is_err());
    // The right one still gets in.
    let channel = connect(&announced, &identity).await.unwrap();
    ProviderClient::new(channel)
        .get_metadata(request())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_silent_connection_holds_nobody_up() {
    let identity = Identity::generate_p521().unwrap();
    let (_plugin, announced) = start_for(&identity);
    let _silent = tokio::net::UnixStream::connect(&announced.address)
        .await
        .unwrap();
    let connected =
        tokio::time::timeout(Duration::from_secs(5), connect(&announced, &identity)).await;
    assert!(connected.unwrap().is_ok());
}

#[tokio::test]
async fn sigterm_stops_the_running_call_and_keeps_its_answer() {
    let identity = Identity::generate_p521().unwrap();
    let (mut plugin, announced) = start_for(&identity);
    let channel = connect(&announced, &identity).await.unwrap();
    let mut provider = ProviderClient::new(channel);
    let call = tokio::spawn(async move {
        provider
            .read_resource(pb::read_resource::Request::default())
            .await
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    plugin.signal(rustix::process::Signal::TERM);
    let answer = call.await.unwrap().unwrap().into_inner();
    assert_eq!(answer.private, b"kept");
    assert_eq!(plugin.wait(Duration::from_secs(2)), Some(0));
    assert!(plugin.leftovers().is_empty());
}

#[tokio::test]
async fn shutdown_ends_even_a_call_that_does_not() {
    let identity = Identity::generate_p521().unwrap();
    let (mut plugin, announced) = start_for(&identity);
    let channel = connect(&announced, &identity).await.unwrap();
    let mut provider = ProviderClient::new(channel.clone());
    let call = tokio::spawn(async move {
        provider
            .read_resource(pb::read_resource::Request::default())
            .await
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    GrpcControllerClient::new(channel)
        .shutdown(Empty {})
        .await
        .unwrap();
    assert_eq!(plugin.wait(Duration::from_secs(3)), Some(0));
    assert!(call.await.unwrap().is_err());
}

#[test]
fn a_person_gets_one_sentence() {
    let mut plugin = start(&[]);
    assert_eq!(plugin.wait(Duration::from_secs(5)), Some(1));
    let mut said = String::new();
    plugin
        .child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(said.starts_with("this is a Terraform provider"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(plugin.leftovers().is_empty());
}

#[test]
fn a_debugger_gets_what_to_put_in_the_environment() {
    let mut plugin = start(&[(SERVE, "debug")]);
    let line = BufReader::new(plugin.child.stdout.as_mut().unwrap())
        .lines()
        .map_while(Result::ok)
        .find_map(|line| {
            Some(
                line.strip_prefix("TF_REATTACH_PROVIDERS='")?
                    .strip_suffix('\'')?
                    .to_owned(),
            )
        })
        .expect("a line for the environment");
    let entry = &serde_json::from_str::<serde_json::Value>(&line).unwrap()["example.com/a/tiny"];
    assert_eq!(entry["Pid"], plugin.child.id());
    assert_eq!(entry["ProtocolVersion"], 6);
    assert!(Path::new(entry["Addr"]["String"].as_str().unwrap()).exists());
    plugin.signal(rustix::process::Signal::INT);
    assert_eq!(plugin.wait(Duration::from_secs(5)), Some(0));
}

#[tokio::test]
async fn the_loudest_log_holds_no_value() {
    let identity = Identity::generate_p521().unwrap();
    let (mut plugin, announced) = start_for(&identity);
    let channel = connect(&announced, &identity).await.unwrap();
    let mut provider = ProviderClient::new(channel.clone());
    for secret in ["correct-horse", "battery-staple"] {
        let config = Some(pb::DynamicValue {
            msgpack: secret.repeat(100).into_bytes(),
            json: Vec::new(),
        });
        let request = pb::validate_provider_config::Request { config };
        provider.validate_provider_config(request).await.unwrap();
    }
    GrpcControllerClient::new(channel)
        .shutdown(Empty {})
        .await
        .unwrap();
    assert_eq!(plugin.wait(Duration::from_secs(2)), Some(0));
    let log = plugin.log.take().unwrap().join().unwrap();
    // Something was said, each line is core's to read, and none of it is a value.
    assert!(log.contains("\"@level\":\"debug\""), "{log}");
    assert!(
        log.lines()
            .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
        "{log}"
    );
    assert!(!log.contains("horse") && !log.contains("staple"), "{log}");
}
