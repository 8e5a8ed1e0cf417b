//! Packs in registries: a real registry, cosign as a peer, and a faulty one.

mod fake;
mod faults;
mod real;
mod signed;

use std::process::Command;

use crate::support::{Desk, Ended};

/// Runs the command with no credentials, store or proxy but those of the desk.
fn run(desk: &Desk, args: &[&str]) -> Ended {
    run_with(desk, args, |_| {})
}

fn run_with(desk: &Desk, args: &[&str], more: impl FnOnce(&mut Command)) -> Ended {
    let mut command = desk.command(args);
    let folder = desk.folder.path();
    command
        .env("DOCKER_CONFIG", folder.join("docker"))
        .env("REGISTRY_AUTH_FILE", folder.join("docker/none.json"))
        .env("GABION_PACKS", folder.join("packs"));
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "COSIGN_PASSWORD",
    ] {
        command.env_remove(name);
    }
    more(&mut command);
    desk.ended(command.output().unwrap())
}

/// A desk with the pack inside the binary as a file: a component as good as any.
fn desk() -> Desk {
    Desk::new().write("pack.wasm", gabion_engine::baseline::COMPONENT)
}

/// Credentials for a host, as `docker login` writes them.
fn login(desk: &Desk, host: &str, user: &str, password: &str) {
    let folder = desk.folder.path().join("docker");
    std::fs::create_dir_all(&folder).unwrap();
    let auth = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("{user}:{password}"),
    );
    let config = format!(r#"{{"auths":{{"{host}":{{"auth":"{auth}"}}}}}}"#);
    std::fs::write(folder.join("config.json"), config).unwrap();
}

/// The last line: the place by digest, as `push` prints it.
fn last(ended: &Ended) -> String {
    assert_eq!(ended.code, 0, "{}", ended.err);
    ended.out.lines().last().unwrap().to_owned()
}
